"""Amazon Web Services."""

from confkube.clouds.aws.platform import AwsPlatform

__all__ = ["AwsPlatform"]
