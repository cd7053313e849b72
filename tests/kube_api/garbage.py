"""What kube-controller-manager does when something goes: dependents, namespaces.

A real cluster does it a moment later; here it is done with the write that causes it.

Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/,
k8s.io/kubernetes/pkg/controller/{garbagecollector,namespace}.
"""

from kube_api.deleting import FOREGROUND, ORPHAN
from kube_api.state import State
from kube_api.store import Key
from kube_api.values import Json, copy_json, metadata_of


def collect(state: State) -> None:
    """Do all that is to be done now."""
    if not state.collects_garbage:
        return
    while any([_collect_dependents(state), _collect_namespaces(state)]):
        pass


def _collect_dependents(state: State) -> bool:
    everything = state.store.everything()
    uids = {metadata_of(found)["uid"]: found for _, found in everything}
    done = False
    for key, found in everything:
        owners = metadata_of(found).get("ownerReferences") or []
        if not owners:
            continue
        there = [owner for owner in owners if owner["uid"] in uids]
        if not there or all(_leaves_first(uids[owner["uid"]]) for owner in there):
            done |= _remove(state, key, found)
    for key, found in everything:
        finalizers = metadata_of(found).get("finalizers") or []
        if "deletionTimestamp" in metadata_of(found):
            if ORPHAN in finalizers:
                _orphan(state, metadata_of(found)["uid"])
                done |= _drop_finalizer(state, key, ORPHAN)
            elif FOREGROUND in finalizers and not _has_dependents(state, found):
                done |= _drop_finalizer(state, key, FOREGROUND)
    return done


def _leaves_first(owner: Json) -> bool:
    """Whether its dependents go before it does."""
    meta = metadata_of(owner)
    return "deletionTimestamp" in meta and FOREGROUND in (meta.get("finalizers") or ())


def _has_dependents(state: State, owner: Json) -> bool:
    uid = metadata_of(owner)["uid"]
    return any(
        reference["uid"] == uid and reference.get("blockOwnerDeletion")
        for _, found in state.store.everything()
        for reference in metadata_of(found).get("ownerReferences") or []
    )


def _orphan(state: State, uid: str) -> None:
    for key, found in state.store.everything():
        owners = metadata_of(found).get("ownerReferences") or []
        kept = [owner for owner in owners if owner["uid"] != uid]
        if kept != owners:
            left = copy_json(found)
            metadata_of(left)["ownerReferences"] = kept
            if not kept:
                del metadata_of(left)["ownerReferences"]
            state.store.put(key, left)


def _drop_finalizer(state: State, key: Key, finalizer: str) -> bool:
    found = state.store.get(key)
    if found is None:
        return False
    meta = metadata_of(found)
    meta["finalizers"].remove(finalizer)
    if meta["finalizers"]:
        state.store.put(key, found)
    else:
        state.store.remove(key)
    return True


def _remove(state: State, key: Key, found: Json) -> bool:
    """Delete it, as far as its finalizers let it."""
    meta = metadata_of(found)
    if not meta.get("finalizers"):
        state.store.remove(key)
        return True
    if "deletionTimestamp" in meta:
        return False
    marked = copy_json(found)
    metadata_of(marked)["deletionTimestamp"] = state.timestamp()
    metadata_of(marked)["deletionGracePeriodSeconds"] = 0
    state.store.put(key, marked)
    return True


def _collect_namespaces(state: State) -> bool:
    done = False
    for namespace in state.store.items("namespaces"):
        if "deletionTimestamp" not in metadata_of(namespace):
            continue
        name = metadata_of(namespace)["name"]
        inside = [
            (key, found)
            for key, found in state.store.everything()
            if key.namespace == name
        ]
        for key, found in inside:
            done |= _remove(state, key, found)
        if not inside:
            state.store.remove(Key("namespaces", "", name))
            done = True
    return done
