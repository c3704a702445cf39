"""The pieces that a server is made of and that come and go: which ones a configuration states, and which of them a later one keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from typing import TypeAlias

from footprint.domain.configuration import Configuration, Cpu, Disk, Module, PowerSupply
from footprint.domain.inventory import Segment

Piece: TypeAlias = Cpu | Module | Disk | PowerSupply
"""One unit of a part, with what its making depends on: of a CPU its die area."""

Pieces: TypeAlias = dict[Piece, int]
"""How many there are of each, in the order in which they were stated."""


def pieces_of(configuration: Configuration) -> Pieces:
    """The pieces that a configuration states; a CPU without a die area is none, for it cannot be weighed."""
    parts: list[Piece] = [*configuration.ram, *configuration.disks]
    if configuration.psu is not None:
        parts.append(configuration.psu)
    if configuration.cpu is not None and configuration.cpu.die_mm2 is not None:
        parts.insert(0, Cpu(configuration.cpu.units, die_mm2=configuration.cpu.die_mm2))
    found: Pieces = {}
    for part in parts:
        piece = replace(part, units=1)
        found[piece] = found.get(piece, 0) + part.units
    return found


def alone(piece: Piece) -> Configuration:
    """A configuration of nothing but that piece."""
    match piece:
        case Cpu():
            return Configuration(cpu=piece)
        case Module():
            return Configuration(ram=(piece,))
        case Disk():
            return Configuration(disks=(piece,))
        case PowerSupply():
            return Configuration(psu=piece)


def carried_on(held: Mapping[Piece, int], stated: Configuration) -> Pieces:
    """What is in a server that held these pieces, by a later statement.

    What this does not state stays. Of what it states, equal pieces are the same ones, and so are those that differ only by what one of both
    statements leaves open (the density of a module): they keep what they were first known as. The rest has come, or has gone.
    """
    said = pieces_of(stated)
    kinds: set[type[Piece]] = {type(each) for each in said}
    kinds |= {Disk} if stated.diskless else set()
    now: Pieces = {piece: units for piece, units in held.items() if type(piece) not in kinds}
    left = {piece: units for piece, units in held.items() if type(piece) in kinds}
    for same in (_equal, _alike):
        for piece in left:
            for other in said:
                kept = min(left[piece], said[other]) if same(piece, other) else 0
                now[piece] = now.get(piece, 0) + kept
                left[piece], said[other] = left[piece] - kept, said[other] - kept
    for piece, units in said.items():
        now[piece] = now.get(piece, 0) + units
    return {piece: units for piece, units in now.items() if units}


def _equal(piece: Piece, other: Piece) -> bool:
    return piece == other


def _alike(piece: Piece, other: Piece) -> bool:
    """Whether they may be the same; an SSD of unknown size, which weighs nothing, is never one of a known size."""
    if type(piece) is not type(other) or (isinstance(piece, Disk) and piece.type == "ssd" and piece.gib is None):
        return False
    return all(None in (one, two) or one == two for one, two in zip(astuple(piece), astuple(other), strict=True))


def statements(segments: Sequence[Segment]) -> list[Configuration]:
    """What is stated of its parts, in time; what is stated again at once is one statement."""
    found: list[Configuration] = []
    for each in segments:
        configuration = each.configuration
        if configuration is not None and not (found and (configuration is found[-1] or configuration == found[-1])):
            found.append(configuration)
    return found


def base_configuration(segments: Sequence[Segment]) -> Configuration | None:
    """What the asset was made of when it came, as far as is known: what is stated first, of each part.

    Every server has processors, memory, power supplies and a case: a first statement of these says what it came with, however late it is.
    Disks it may lack: those count from the beginning that are stated until the first die area is, with which it can be weighed. All else
    that is stated later is an upgrade, and says nothing of the time before it. Without any die area it is the first statement as it stands.
    """
    stated = statements(segments)
    if len(stated) < 2:
        return stated[0] if stated else None
    weighed = next((place for place, each in enumerate(stated) if each.cpu and each.cpu.die_mm2 is not None), None)
    if weighed is None:
        return stated[0]
    first = stated[weighed]
    ram = next((each.ram for each in stated if each.ram), ())
    disks = next((each.disks for each in stated[: weighed + 1] if each.disks or each.diskless), ())
    psu = next((each.psu for each in stated if each.psu is not None), None)
    case = next((each.case for each in stated if each.case is not None), None)
    return replace(first, ram=ram, disks=disks, psu=psu, case=case)
