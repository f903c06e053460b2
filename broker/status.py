"""PURE: the fleet at a glance, as `state/fleet` says it and as `loket status` puts it in words."""

from broker.diagnosis import HallSight, NodeSight, idle_s
from broker.watch import Presence
from broker.wire.messages import Fleet, NodeStatus


def fleet_of(sight: HallSight, presence: Presence, *, now_s: float, at_ms: int) -> Fleet:
    """Return every node, with what it last did."""
    return Fleet(
        at_ms=at_ms,
        version=sight.version,
        nodes=tuple(_status(node, presence, now_s) for node in sight.nodes),
    )


def _status(node: NodeSight, presence: Presence, now_s: float) -> NodeStatus:
    seen = presence.nodes.get(node.id)
    act, age_s, detail = _act(node)
    # Only the broker kept its birth: nobody knows whether it is still there.
    is_known = seen is not None and (node.health is not None or seen.contact.value != "here")
    birth = seen.birth if seen else None
    return NodeStatus(
        id=node.id,
        role=node.role,
        place=node.zone or node.host,
        contact=seen.contact.value if seen and is_known else "unknown",
        since_s=round(now_s - seen.since_s, 1) if seen and is_known else None,
        version=(node.health.version if node.health else "") or (birth.version if birth else ""),
        act=act,
        act_age_s=age_s,
        detail=detail,
    )


def _act(node: NodeSight) -> tuple[str, float | None, str]:
    health = node.health
    if health is None:
        return "", None, ""
    if health.printer is not None and health.printer.printed_age_s is not None:
        return "printed", health.printer.printed_age_s, health.printer.state
    if health.display is not None:
        return "shown", health.display.frame_age_s, ""
    if any(button.pressed_age_s is not None for button in health.buttons.values()):
        return "pressed", idle_s(health), ""
    return "", None, ""
