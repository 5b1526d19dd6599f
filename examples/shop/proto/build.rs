//! Generates the messages, access tables, guards and clients of all services.

fn main() -> Result<(), msf_build::Error> {
    // They carry passwords and tokens.
    let secrets = [
        "shop.user.v1.RegisterRequest",
        "shop.user.v1.VerifyCredentialsRequest",
        "shop.auth.v1.LoginRequest",
        "shop.auth.v1.RefreshRequest",
        "shop.auth.v1.LogoutRequest",
        "shop.auth.v1.Tokens",
    ];
    let protos = [
        "proto/shop/user/v1/user.proto",
        "proto/shop/auth/v1/auth.proto",
        "proto/shop/product/v1/product.proto",
    ];
    msf_build::Builder::new()
        .redact(secrets)
        .compile(&protos, &["proto"])
}
