package plane

import (
	"fmt"

	"helmward.dev/devplane/internal/identity"
)

const etcdSocket = "etcd.sock"

// Every path in the arguments is relative: components run in the plane's folder.

func etcdArguments(noFsync bool) []string {
	return []string{
		"--data-dir=etcd",
		"--socket=" + etcdSocket,
		fmt.Sprintf("--unsafe-no-fsync=%t", noFsync),
	}
}

func apiServerArguments(port, logPort int) []string {
	return []string{
		"--etcd-servers=unix://" + etcdSocket,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--permit-port-sharing", // with our reservation
		"--tls-cert-file=" + identity.ServerCert,
		"--tls-private-key-file=" + identity.ServerKey,
		"--client-ca-file=" + identity.CACert,
		"--token-auth-file=" + identity.TokenFile,
		"--authorization-mode=Node,RBAC",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + identity.AccountKey,
		"--service-account-signing-key-file=" + identity.AccountKey,
		"--service-cluster-ip-range=10.96.0.0/16", // begins with identity.ServiceIP
		"--allow-privileged",
		// Nothing in the plane could reach the API server by an address of its
		// own: name none (this one is for documentation) and publish none.
		"--advertise-address=192.0.2.1",
		"--endpoint-reconciler-type=none",
		// Logs are asked for at the one address that nodes have for that.
		"--kubelet-preferred-address-types=" + string(logAddress),
		fmt.Sprintf("--kubelet-port=%d", logPort),
		"--kubelet-certificate-authority=" + identity.CACert,
		"--kubelet-client-certificate=" + identity.KubeletClientCert,
		"--kubelet-client-key=" + identity.KubeletClientKey,
	}
}

func controllerManagerArguments() []string {
	return append(clientArguments("kube-controller-manager"),
		"--root-ca-file="+identity.CACert,
		"--service-account-private-key-file="+identity.AccountKey,
		"--cluster-signing-cert-file="+identity.CACert,
		"--cluster-signing-key-file="+identity.CAKey,
		// Nodes report every five minutes; a machine under load, or a test that
		// stops the API server, must not cost them their Ready.
		"--node-monitor-grace-period=1h",
	)
}

func schedulerArguments() []string { return clientArguments("kube-scheduler") }

// clientArguments are those of the components that only call the API server.
// The limits are high, or they become the bottleneck of a storm.
func clientArguments(name string) []string {
	return []string{
		"--kubeconfig=" + identity.ComponentKubeconfig(name),
		"--leader-elect=false",
		"--secure-port=0",
		"--kube-api-qps=2000",
		"--kube-api-burst=4000",
	}
}

func kwokArguments(logPort int) []string {
	return []string{
		"--kubeconfig=" + identity.ComponentKubeconfig("kwok"),
		fmt.Sprintf("--log-port=%d", logPort),
	}
}
