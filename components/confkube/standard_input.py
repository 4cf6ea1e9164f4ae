"""What Pulumi tells a command of this computer, which comes on standard input as arguments are for all to see."""

import json
import sys
from typing import Any, cast

from confkube.errors import Refusal


def read() -> dict[str, Any]:
    """The JSON object on standard input.

    Raises:
        Refusal: There is none.
    """
    try:
        found: object = json.load(sys.stdin)
    except AttributeError:
        raise Refusal("standard input is closed; what is wanted comes there, as JSON") from None
    except ValueError as error:
        raise Refusal(f"standard input is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refusal("standard input is not a JSON object")
    return cast("dict[str, Any]", found)
