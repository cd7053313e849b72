"""Unit tests of `sluicegate.adapters.telemetry.settings`.

The examples of addresses are those of the specification, protocol/exporter.md.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.adapters.telemetry.sampling import Sampling
from sluicegate.adapters.telemetry.settings import (
    Settings,
    Signal,
    is_disabled,
    read_settings,
    secrets_in,
)

OTLP = "OTEL_EXPORTER_OTLP"
BASE = f"{OTLP}_ENDPOINT"
SOMEWHERE = {BASE: "http://collector:4318"}


def urls(environ: dict[str, str]) -> dict[str, str]:
    endpoints = read_settings(environ).endpoints
    return {signal.value: endpoint.url for signal, endpoint in endpoints.items()}


def test_nothing_is_sent_unless_somebody_says_so() -> None:
    assert read_settings({}) == Settings()
    assert urls({"OTEL_SERVICE_NAME": "ci", "OTEL_TRACES_SAMPLER": "always_on"}) == {}
    assert urls({BASE: "", "OTEL_TRACES_EXPORTER": " "}) == {}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            SOMEWHERE,
            {
                "traces": "http://collector:4318/v1/traces",
                "metrics": "http://collector:4318/v1/metrics",
                "logs": "http://collector:4318/v1/logs",
            },
        ),
        (
            {
                f"{OTLP}_TRACES_ENDPOINT": "http://collector:4318",
                f"{OTLP}_METRICS_ENDPOINT": "https://collector.example.com/v1/metrics",
            },
            {
                "traces": "http://collector:4318",
                "metrics": "https://collector.example.com/v1/metrics",
            },
        ),
        (
            {
                BASE: "http://collector:4318/mycollector/",
                f"{OTLP}_METRICS_ENDPOINT": "https://collector.example.com/v1/metrics/",
            },
            {
                "traces": "http://collector:4318/mycollector/v1/traces",
                "metrics": "https://collector.example.com/v1/metrics/",
                "logs": "http://collector:4318/mycollector/v1/logs",
            },
        ),
        (
            {"OTEL_TRACES_EXPORTER": "otlp"},
            {"traces": "http://localhost:4318/v1/traces"},
        ),
    ],
)
def test_addresses_are_those_of_the_specification(
    environ: dict[str, str], expected: dict[str, str]
) -> None:
    assert urls(environ) == expected


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({"OTEL_SDK_DISABLED": "true"}, set()),
        ({"OTEL_SDK_DISABLED": "TRUE"}, set()),
        ({"OTEL_SDK_DISABLED": "yes"}, {"traces", "metrics", "logs"}),
        ({"OTEL_TRACES_EXPORTER": "none"}, {"metrics", "logs"}),
        ({"OTEL_METRICS_EXPORTER": "prometheus"}, {"traces", "logs"}),
        ({"OTEL_METRICS_EXPORTER": "otlp,prometheus"}, {"traces", "metrics", "logs"}),
        ({f"{OTLP}_LOGS_PROTOCOL": "grpc"}, {"traces", "metrics"}),
        ({f"{OTLP}_PROTOCOL": "http/protobuf"}, {"traces", "metrics", "logs"}),
    ],
)
def test_signals_are_switched_one_by_one(
    environ: dict[str, str], sent: set[str]
) -> None:
    assert set(urls({**SOMEWHERE, **environ})) == sent


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (f"{OTLP}_PROTOCOL", "grpc", "not spoken here"),
        (BASE, "collector:4318", "no http:// or https:// address"),
        (BASE, "https://user:pw@collector:4318", "holds a login"),
        (BASE, "http://[broken", "no http:// or https:// address"),
        ("OTEL_TRACES_EXPORTER", "jaeger", "'jaeger', which is not known"),
        (f"{OTLP}_TIMEOUT", "10s", "no number of milliseconds"),
        (f"{OTLP}_TIMEOUT", "9" * 400, "no number of milliseconds"),
        (f"{OTLP}_TIMEOUT", "9" * 5000, "no number of milliseconds"),
        (f"{OTLP}_HEADERS", "authorization", "not key=value"),
        (f"{OTLP}_HEADERS", "a=b%0d%0ac: d", "not key=value"),
        (f"{OTLP}_HEADERS", "api-key=pw", "not sent to another machine"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team", "all is left out"),
        ("OTEL_RESOURCE_ATTRIBUTES", "te\udcffam=a", "all is left out"),
        ("OTEL_TRACES_SAMPLER", "xray", "parentbased_always_on is taken"),
        (f"{OTLP}_METRICS_TEMPORALITY_PREFERENCE", "both", "cumulative is taken"),
    ],
)
def test_what_cannot_be_read_is_ignored_and_said(
    variable: str, value: str, said: str
) -> None:
    settings = read_settings({**SOMEWHERE, variable: value})

    (warning,) = settings.warnings  # once, and not for every signal
    assert variable in warning
    assert said in warning
    assert "pw" not in str(settings.warnings)


def test_a_header_is_decoded_and_one_of_a_signal_takes_the_place_of_all() -> None:
    settings = read_settings(
        {
            BASE: "https://collector",
            f"{OTLP}_HEADERS": "authorization=Bearer%20abc, x-team = ml",
            f"{OTLP}_LOGS_HEADERS": "x-logs=1",
        }
    )

    traces = settings.endpoints[Signal.TRACES]
    assert traces.headers == {"authorization": "Bearer abc", "x-team": "ml"}
    assert settings.endpoints[Signal.LOGS].headers == {"x-logs": "1"}
    assert "abc" not in repr(settings)


def test_every_part_of_a_header_that_may_be_a_login_is_a_secret() -> None:
    found = secrets_in(
        {
            f"{OTLP}_HEADERS": "authorization=Bearer%20abcdef",
            f"{OTLP}_TRACES_HEADERS": "x-key=ghi%2Bjkl,x-scope-orgid=acme",
            f"{OTLP}_LOGS_HEADERS": "x-honeycomb-team=hcaik_01hqk4k20cjeh63wca8vva",
            BASE: "http://collector",
        }
    )

    assert {"Bearer%20abcdef", "Bearer abcdef", "abcdef", "ghi+jkl"} <= found
    assert "hcaik_01hqk4k20cjeh63wca8vva" in found
    assert not found & {"http://collector", "acme"}


def test_timeouts_certificates_and_compression_are_of_all_or_of_one_signal() -> None:
    endpoints = read_settings(
        {
            **SOMEWHERE,
            f"{OTLP}_TIMEOUT": "500",
            f"{OTLP}_COMPRESSION": "gzip",
            f"{OTLP}_CERTIFICATE": "/ca.pem",
            f"{OTLP}_CLIENT_CERTIFICATE": "/me.pem",
            f"{OTLP}_CLIENT_KEY": "/me.key",
            f"{OTLP}_LOGS_TIMEOUT": "250",
            f"{OTLP}_LOGS_COMPRESSION": "none",
        }
    ).endpoints

    traces, logs = endpoints[Signal.TRACES], endpoints[Signal.LOGS]
    assert (traces.timeout_seconds, traces.gzip) == (0.5, True)
    assert (logs.timeout_seconds, logs.gzip) == (0.25, False)
    assert traces.certificate == "/ca.pem"
    assert traces.client == ("/me.pem", "/me.key")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://host:8443/s3cret?key=s3cret", "https://host:8443"),
        ("http://[::1]:4318/v1/traces", "http://[::1]:4318"),
    ],
)
def test_what_is_shown_of_an_address_holds_no_key(url: str, place: str) -> None:
    environ = {f"{OTLP}_TRACES_ENDPOINT": url}

    (endpoint,) = read_settings(environ).endpoints.values()

    assert endpoint.place == place


def test_the_resource_is_decoded_and_the_service_named_apart_wins() -> None:
    environ = {
        **SOMEWHERE,
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=a,team=m%2Cl,host.name = ci-1",
        "OTEL_SERVICE_NAME": "b",
    }

    assert read_settings(environ).attributes == {
        "service.name": "b",
        "team": "m,l",
        "host.name": "ci-1",
    }


TRACE = "0" * 18 + "80" + "0" * 12  # right in the middle


@pytest.mark.parametrize(
    ("sampler", "argument", "without", "kept", "dropped"),
    [
        ("", "", True, True, False),
        ("parentbased_always_on", "", True, True, False),
        ("parentbased_always_off", "", False, True, False),
        ("always_on", "", True, True, True),
        ("always_off", "", False, False, False),
        ("traceidratio", "0.51", True, True, True),
        ("traceidratio", "0.5", False, False, False),
        ("parentbased_traceidratio", "0.5", False, True, False),
        ("traceidratio", "many", True, True, True),
    ],
)
def test_a_sampler_decides_as_the_specification_says(
    sampler: str,
    argument: str,
    without: bool,  # noqa: FBT001 - a column of the table
    kept: bool,  # noqa: FBT001 - likewise
    dropped: bool,  # noqa: FBT001 - likewise
) -> None:
    environ = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": argument}

    sampling = read_settings({**SOMEWHERE, **environ}).sampling

    assert sampling.keeps(TRACE, parent=None) is without
    assert sampling.keeps(TRACE, parent=True) is kept
    assert sampling.keeps(TRACE, parent=False) is dropped


def test_no_trace_is_kept_of_none_and_every_one_of_all() -> None:
    last = "f" * 32

    assert Sampling(1.0).keeps(last, parent=None)
    assert not Sampling(0.0).keeps("0" * 32, parent=None)


_NAMES = st.sampled_from(
    [
        BASE,
        f"{OTLP}_TRACES_ENDPOINT",
        f"{OTLP}_HEADERS",
        f"{OTLP}_TIMEOUT",
        f"{OTLP}_PROTOCOL",
        "OTEL_TRACES_EXPORTER",
        "OTEL_METRICS_EXPORTER",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
        f"{OTLP}_METRICS_TEMPORALITY_PREFERENCE",
    ]
)


@given(st.dictionaries(_NAMES, st.text() | st.just("traceidratio")))
def test_no_value_of_a_variable_is_an_error(environ: dict[str, str]) -> None:
    for endpoint in read_settings({**SOMEWHERE, **environ}).endpoints.values():
        assert endpoint.place
    secrets_in(environ)
    is_disabled(environ)
