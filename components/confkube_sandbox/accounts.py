"""Who one is in the simulated clouds, and which settings of a shell would lead out of them or bring real keys."""

AZURE_TENANT = "00000000-0000-4000-8000-000000000000"
"""Directory of every simulated Azure subscription; no real one is all zeros."""
AZURE_SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"
"""The simulated Azure subscription that a shell in the sandbox works in."""
AZURE_CALLER = "00000000-0000-4000-8000-0000000c0fbe"
"""Object and client id of whoever calls the simulated Azure."""
GCP_PROJECT = "confkube-sandbox-0000"
"""The simulated Google Cloud project that a shell in the sandbox works in."""

_MISLEADING = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_DEFAULT_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_CA_BUNDLE",
        "PULUMI_CONFIG_PASSPHRASE",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_DEBUG_PROVIDERS",
    }
)
# AWS_ENDPOINT_URL has one-service forms such as AWS_ENDPOINT_URL_EC2; the others are whole families: credentials,
# places, projects and endpoints that the Azure and Google providers and SDKs read.
_MISLEADING_PREFIXES = ("AWS_ENDPOINT_URL", "ARM_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "GCLOUD_")


def variables() -> dict[str, str]:
    """Return what a shell in the sandbox tells the Azure and Google providers of the account that they work in."""
    return {
        "ARM_SUBSCRIPTION_ID": AZURE_SUBSCRIPTION,
        "ARM_TENANT_ID": AZURE_TENANT,
        "GOOGLE_PROJECT": GCP_PROJECT,
        "GOOGLE_CLOUD_PROJECT": GCP_PROJECT,
    }


def is_misleading(variable: str) -> bool:
    """Whether an inherited variable would lead out of the sandbox, or hand it real credentials."""
    return variable in _MISLEADING or variable.startswith(_MISLEADING_PREFIXES)
