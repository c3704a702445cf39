"""What cannot be computed as it is stated."""


class ItemError(ValueError):
    """An item that cannot be computed: the field, a stable code, and a sentence naming the value and the rule, in English and French."""

    def __init__(self, field: str, code: str, detail: str, french: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code
        self.detail = detail
        self.french = french
