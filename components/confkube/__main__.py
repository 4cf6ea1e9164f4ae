"""Host the components for other Pulumi languages: what the engine starts for ``PulumiPlugin.yaml``."""

from pulumi.provider.experimental import component_provider_host

import confkube as ck


def main() -> None:
    """Serve the public components until the engine ends the process."""
    component_provider_host(
        name="confkube",
        components=[getattr(ck, name) for name in ck.COMPONENTS],
    )


if __name__ == "__main__":
    main()
