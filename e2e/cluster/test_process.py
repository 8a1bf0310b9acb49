import process
import settings


def stat(state: str, started: int) -> str:
    return f"42 (a b) c) {state} " + " ".join(str(field) for field in range(4, 22)) + f" {started} 0 0\n"


def test_start_time_stands_behind_a_name_with_blanks_and_brackets():
    assert process.start_time_of(stat("S", 8710)) == 8710


def test_a_zombie_does_not_run():
    assert process.start_time_of(stat("Z", 8710)) == 0


def test_a_record_of_another_process_with_the_same_pid_is_dead(tmp_path, monkeypatch):
    monkeypatch.setenv("INGRESSFLEET_STATE", str(tmp_path))
    cluster = settings.Cluster("one")
    (cluster.folder / "pid").mkdir(parents=True)
    (cluster.folder / "pid" / "etcd").write_text("1 999999999 digest\n")
    assert not process.alive(cluster, "etcd")
    assert not process.signal_recorded(cluster, "etcd", 9)
