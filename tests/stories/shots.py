# SPDX-License-Identifier: Apache-2.0
"""Pictures of every page and state, to be looked at.

python -m tests.stories.shots http://127.0.0.1:8000 OUT [PART-OF-A-PATH]
"""

from __future__ import annotations

import re
import sys
import urllib.request
from pathlib import Path

from tests.stories.server import chromium
from tests.stories.states import visit

WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")


def paths(address: str) -> list[str]:
    """The front page and what it links to; the pages that one signs on; that of the workplace; an error."""
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - the address that was typed
        html = answer.read().decode()
    own = {path for path in re.findall(r'href="(/[^"#?]*)[^"]*"', html) if "." not in path} - {"/policy"}
    own |= {f"{path}/sign" for path in own if path.startswith("/letters/")}
    return sorted(own | {path.removesuffix("/join") for path in own} | {"/nothing"})


def main(address: str, out: str, part: str = "") -> None:
    Path(out).mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for width in WIDTHS:
            for scheme in SCHEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": 900},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                for path in (one for one in paths(address) if part in one):
                    for language in ("en", "fr"):
                        page = context.new_page()
                        for state in visit(page, address, path, language):
                            words = (
                                path.strip("/").replace("/", "-") or "home",
                                state,
                                language,
                                width,
                                scheme,
                            )
                            name = "_".join(str(word) for word in words if word)
                            page.screenshot(path=f"{out}/{name}.png", full_page=True)
                        page.close()
                context.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
