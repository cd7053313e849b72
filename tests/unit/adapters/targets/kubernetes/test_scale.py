import pytest

from sluicegate.adapters.targets.kubernetes.scale import Scale, full_size


@pytest.mark.parametrize(
    ("now", "at_deploy", "percent", "full"),
    [
        (4, None, 0, 4),
        (0, None, 0, 1),
        (2, 4, 50, 4),  # an autoscaler took two
        (6, 4, 50, 6),  # or gave two
        (1, 20, 95, 20),
        (4, 400, 0, 8),
        (4, 400, 50, 16),
        (4, 400, 100, 8),
        (0, 400, 50, 1),
    ],
)
def test_pods_that_were_noted_count_as_far_as_those_of_now_bear_them_out(
    now: int, at_deploy: int | None, percent: int, full: int
) -> None:
    assert full_size(now, at_deploy, percent) == full


def test_no_share_of_the_traffic_goes_to_less_than_one_pod() -> None:
    assert [Scale().pods(percent, 30) for percent in (0, 1, 34, 100)] == [1, 1, 11, 30]
    assert [Scale(2).pods(percent, 30) for percent in (0, 34, 100)] == [2, 2, 30]
