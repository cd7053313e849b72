"""Who signs a log on this machine."""

from dataclasses import dataclass

from sluicegate.audit.keychain import Keychain
from sluicegate.ports.signer import Signer
from sluicegate.tlog.note import Signature, parse_vkey


@dataclass(frozen=True, slots=True)
class Authority:
    """The keys of a log, and those that sign it now: the current one first.

    The others sign beside it for those who do not know it yet.
    """

    keys: Keychain
    signers: tuple[Signer, ...]


def sign_note(signer: Signer, text: str) -> Signature:
    """The signature line of *text* by *signer*."""
    key = parse_vkey(signer.vkey())
    return Signature(key.name, key.key_id, signer.sign(text.encode()))
