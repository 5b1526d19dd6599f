"""What schemathesis checks beside its own."""

import schemathesis

# The refusals that a document in JSON Schema cannot foresee; schemathesis.toml has the reasons.
NOT_IN_A_SCHEMA = {"password.common", "password.context", "price.decimals", "image_url.syntax"}


@schemathesis.check
def refused_for_what_no_schema_says(ctx, response, case):
    """What is valid by the document and answered with 422 has one of the reasons that no document can give."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    codes = {error["code"] for error in response.json()["errors"]}
    unforeseen = codes - NOT_IN_A_SCHEMA
    assert not unforeseen, f"the document allows what is refused with {', '.join(sorted(unforeseen))}"
