"""The configuration files of a node's daemons; pure texts."""
import json
from pathlib import Path

import images
import pki
import settings
from settings import Cluster

CNI_PLUGINS = "/usr/lib/cni"


def containerd(folder: Path) -> str:
    return f"""\
version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp",
]
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def cni(cluster: Cluster, number: int) -> str:
    return json.dumps({"cniVersion": "0.4.0", "name": cluster.cgroup(number), "plugins": [
        {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True,
         "ipam": {"type": "host-local", "dataDir": f"{cluster.node_folder(number)}/cni-state",
                  "ranges": [[{"subnet": settings.pod_range(number)}]], "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": True}}]}, indent=1) + "\n"


def kubelet(cluster: Cluster, number: int) -> str:
    """Own cgroupRoot: kubelets that share one kill each other's pods. No eviction for a full disk: it is the developer's own disk."""
    folder = cluster.node_folder(number)
    return f"""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://{folder}/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /{cluster.cgroup(number)}
failCgroupV1: false
oomScoreAdj: 0
authentication: {{anonymous: {{enabled: false}}, webhook: {{enabled: true}}, x509: {{clientCAFile: {pki.certificate(cluster, "ca")}}}}}
authorization: {{mode: Webhook}}
tlsCertFile: {pki.certificate(cluster, f"kubelet-{number}")}
tlsPrivateKeyFile: {pki.key(cluster, f"kubelet-{number}")}
readOnlyPort: 0
clusterDomain: cluster.local
clusterDNS: [{settings.DNS_SERVICE_ADDRESS}]
resolvConf: {folder}/resolv.conf
podLogsDir: {folder}/pod-logs
volumePluginDir: {folder}/volume-plugins
failSwapOn: false
evictionHard:
  nodefs.available: "0%"
  nodefs.inodesFree: "0%"
  imagefs.available: "0%"
  imagefs.inodesFree: "0%"
  memory.available: 100Mi
imageGCHighThresholdPercent: 100
serializeImagePulls: false
nodeStatusUpdateFrequency: 5s
syncFrequency: 3s
"""


def kube_proxy(cluster: Cluster, number: int) -> str:
    """Conntrack limits and the OOM score are the machine's, not the node's: left alone."""
    return f"""\
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: {cluster.options.proxy_mode}
hostnameOverride: node{number}
clusterCIDR: {settings.POD_RANGE}
clientConnection: {{kubeconfig: {pki.kubeconfig(cluster, "kube-proxy")}}}
conntrack: {{maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}}
oomScoreAdj: 0
healthzBindAddress: 0.0.0.0:10256
metricsBindAddress: 127.0.0.1:10249
"""
