"""dns_probe.py SERVER EXPECTED: exit 0 if SERVER answers that kubernetes.default has the address EXPECTED."""
import socket
import sys

QUESTION = (b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
            b"\x0akubernetes\x07default\x03svc\x07cluster\x05local\x00\x00\x01\x00\x01")


def main(server: str, expected: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(0.5)
        link.sendto(QUESTION, (server, 53))
        answer = link.recv(512)
    return 0 if answer[:2] == QUESTION[:2] and answer.endswith(socket.inet_aton(expected)) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError:
        sys.exit(1)
