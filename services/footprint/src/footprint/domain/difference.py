"""From when on two states of an asset differ: what happened before need not be computed again."""

from dataclasses import replace
from itertools import zip_longest
from typing import Final

from footprint.domain.inventory import Asset
from footprint.domain.life import retirement
from footprint.domain.pieces import base_configuration

EVER: Final = 0
"""The Unix second from which on everything is computed."""


def changed_since(before: Asset, after: Asset) -> int | None:
    """The Unix second from which on figures may differ; None when nothing that weighs differs.

    What holds for the whole life (its making, its length, what is declared) differs for ever, and so does its first state: what was done
    before its timeline is said of that. Other states differ from the first other segment.
    """
    if replace(before, segments=()) != replace(after, segments=()):
        return EVER
    if before.segments == after.segments:
        return None
    if not before.segments or not after.segments or _of_the_whole_life(before) != _of_the_whole_life(after):
        return EVER
    one, other = next((old, new) for old, new in zip_longest(before.segments, after.segments) if old != new)
    if one is None or other is None:
        return (one or other).start
    if replace(one, end=None) == replace(other, end=None):
        return min(each.end for each in (one, other) if each.end is not None)
    return min(one.start, other.start)


def _of_the_whole_life(asset: Asset) -> tuple[object, ...]:
    """What segments say of the life and the making, and of the time before them: its end, its beginning and first state, of what the
    asset is made, and whether some of it is a share of a public cloud."""
    first = asset.segments[0]
    at_a_cloud = any(each.cloud is not None for each in asset.segments)
    made = base_configuration(asset.segments)
    return retirement(asset), first.start, first.status, first.site, first.host, first.cloud, made, at_a_cloud
