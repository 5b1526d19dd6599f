//! Services of the shop in processes of their own, over one data folder.

use rand::Rng as _;

use super::process::Program;

/// Where they listen. They find each other by configuration, so their ports are known before they start.
#[derive(Clone, Copy)]
pub struct Ports {
    gateway: u16,
    users: u16,
    products: u16,
    email: u16,
}

impl Ports {
    /// Ports that nobody has.
    pub fn free() -> Self {
        Self {
            gateway: free_port(),
            users: free_port(),
            products: free_port(),
            email: free_port(),
        }
    }

    pub fn gateway(self) -> Program {
        let users = format!("clients.user-service.url=http://127.0.0.1:{}", self.users);
        let products = format!(
            "clients.product-service.url=http://127.0.0.1:{}",
            self.products
        );
        let arguments = ["--set", &users, "--set", &products];
        Program::service(api_gateway::NAME, self.gateway).arguments(&arguments)
    }

    pub fn users(self) -> Program {
        let gateway = format!("clients.api-gateway.url=http://127.0.0.1:{}", self.gateway);
        Program::service(user_service::NAME, self.users).arguments(&["--set", &gateway])
    }

    pub fn products(self) -> Program {
        let gateway = format!("clients.api-gateway.url=http://127.0.0.1:{}", self.gateway);
        Program::service(product_service::NAME, self.products).arguments(&["--set", &gateway])
    }

    pub fn email(self) -> Program {
        Program::service(email_service::NAME, self.email)
    }
}

/// Below those that the kernel gives away: it stays free between the end of a process and the next start.
fn free_port() -> u16 {
    loop {
        let port = rand::rng().random_range(20_000..32_000);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
