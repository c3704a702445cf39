"""Every kind of document as PDF conforms to PDF/A-3b, by a validator that is not ours."""

from pathlib import Path

import pytest
from billing.einvoice.pdf import document_pdf
from billing.einvoice.xml import document_xml
from local_stack.jars import JarsUnavailableError
from local_stack.verapdf import faults

from services.billing.tests.heard import CUSTOMER
from services.billing.tests.test_buy_back_credits import credited
from services.billing.tests.test_einvoice import BERLIN, credit_note, document, unknown_carbon
from services.billing.tests.test_wallets import self_billed


def test_invoices_and_credit_notes_conform_and_a_spoilt_file_does_not(tmp_path: Path) -> None:
    made = {
        "380-fr": document(CUSTOMER),
        "380-en": document(BERLIN),
        "380-tiers": document(CUSTOMER, tiers=True),
        "380-unknown": unknown_carbon(document(CUSTOMER)),
        "381": credit_note(CUSTOMER),
        "389": self_billed("FR", "standard"),
        "261": credited(self_billed("FR", "standard")),
    }
    files = []
    for name, one in made.items():
        files.append(tmp_path / f"{name}.pdf")
        files[-1].write_bytes(document_pdf(one, document_xml(one)))
    spoilt = tmp_path / "spoilt.pdf"
    spoilt.write_bytes(files[0].read_bytes().replace(b"/AFRelationship", b"/AFRelationshiq"))
    try:
        found = faults([*files, spoilt])
    except JarsUnavailableError as error:
        pytest.skip(f"veraPDF is not there: {error}")
    assert {file.stem: broken for file, broken in found.items() if file != spoilt} == {name: [] for name in made}
    [broken] = found[spoilt]
    assert broken.startswith("ISO 19005-3:2012 6.8-3:")
