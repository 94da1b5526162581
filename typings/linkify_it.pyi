class Match:
    index: int
    last_index: int

class LinkifyIt:
    def match(self, text: str) -> list[Match] | None: ...
