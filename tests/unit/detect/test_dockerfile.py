import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.detect.dockerfile import read_dockerfile


@pytest.mark.parametrize(
    ("text", "port", "reason"),
    [
        ("EXPOSE 8000", 8000, "EXPOSE"),
        ("EXPOSE 9000/tcp 53/udp", 9000, "EXPOSE"),
        ("EXPOSE 53/udp", None, ""),
        ("ENV PORT=8080\nEXPOSE $PORT", 8080, "EXPOSE"),
        ("ARG P=7000\nEXPOSE ${P}", 7000, "EXPOSE"),
        ("EXPOSE ${P:-7001}", 7001, "EXPOSE"),
        ("ENV PORT 8081", 8081, "PORT"),
        ("EXPOSE 1\nCMD uvicorn app:app --port 8000", 8000, "command"),
        ('EXPOSE 1\nCMD ["uvicorn", "app:app", "--port", "8002"]', 8002, "command"),
        ('CMD ["gunicorn", "--bind=0.0.0.0:8003", "a:b"]', 8003, "command"),
        ("CMD gunicorn -b :8004 a:b", 8004, "command"),
        ('ENTRYPOINT ["streamlit", "run"]\nCMD ["a.py", "--server.port=8005"]', 8005,
         "command"),
        ("ENV PORT=8006\nCMD exec uvicorn a:b --port ${PORT}", 8006, "command"),
        ("CMD uvicorn \\\n  # why\n  a:b \\\n  --port 8007", 8007, "command"),
        ("CMD uvicorn a:b", 8000, "guess"),
        ("CMD flask run", 5000, "guess"),
        ("EXPOSE 0", None, ""),
        ("EXPOSE 99999", None, ""),
        ("CMD python serve.py", None, ""),
        ("RUN <<EOF\nEXPOSE 22\nEOF\nEXPOSE 23", 23, "EXPOSE"),
        ("# EXPOSE 24", None, ""),
    ],
)  # fmt: skip
def test_the_port_is_read_where_it_is_surest(
    text: str, port: int | None, reason: str
) -> None:
    image = read_dockerfile(f"FROM base\n{text}\n")

    assert image.port == port
    assert reason in image.port_reason


def test_only_the_last_stage_serves() -> None:
    image = read_dockerfile("FROM a AS build\nEXPOSE 1\nFROM b\nEXPOSE 2\n")

    assert image.port == 2


def test_the_health_check_of_the_image_names_the_route() -> None:
    image = read_dockerfile(
        "FROM a\nHEALTHCHECK --interval=3s \\\n"
        " CMD curl -f http://localhost:8000/api/health || exit 1\n"
    )

    assert image.health == "/api/health"


def test_copied_paths_are_those_of_the_context() -> None:
    image = read_dockerfile(
        "FROM a AS build\nCOPY ./libs/ pyproject.toml /app/\n"
        'ADD ["services/api", "/app/"]\n'
        "FROM b\nCOPY --from=build /app /app\nCOPY --chown=1:1 $NAME /x\n"
        "ADD https://example.org/a /a\n"
    )

    assert image.copied == ("libs", "pyproject.toml", "services/api")


@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    image = read_dockerfile(f"FROM a\n{text}")

    assert image.port is None or 0 < image.port < 65536
