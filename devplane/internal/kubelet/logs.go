package kubelet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// LogAnnotation is what the containers of a pod "write".
const LogAnnotation = "devplane.helmward.dev/log"

// Logs says where logs are served, and whom to believe.
type Logs struct {
	Port       int
	Cert, Key  string // ours
	CA         string // of whoever may ask,
	ClientName string // who must have this name
}

// ServeLogs answers the API server's requests for logs as a kubelet does, for
// the pods of all nodes, until the context ends.
//
// kwok's own server is not used: it knows logs as files that exist beforehand.
func ServeLogs(ctx context.Context, kubeconfig string, logs Logs) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	secured, err := logs.tls()
	if err != nil {
		return err
	}
	// The port is reserved for us, by a socket that shares it.
	listening := net.ListenConfig{Control: shared}
	listener, err := listening.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", logs.Port))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler(client), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() { _ = server.Serve(tls.NewListener(listener, secured)) }()
	return nil
}

func shared(_, _ string, raw syscall.RawConn) (err error) {
	if failed := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); failed != nil {
		return failed
	}
	return err
}

func (l Logs) tls() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(l.Cert, l.Key)
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(l.CA)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    trusted,
		VerifyConnection: func(state tls.ConnectionState) error {
			if name := state.PeerCertificates[0].Subject.CommonName; name != l.ClientName {
				return fmt.Errorf("%q may not read logs", name)
			}
			return nil
		},
	}, nil
}

func handler(client kubernetes.Interface) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		pod, err := client.CoreV1().Pods(r.PathValue("namespace")).Get(r.Context(), r.PathValue("pod"), metav1.GetOptions{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		text, err := logOf(pod, r.PathValue("container"), r.URL.Query().Get("previous") == "true")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte(cut(text, r.URL.Query().Get("tailLines"), r.URL.Query().Get("limitBytes"))))
	})
	return mux
}

// logOf is what a container wrote, or why it cannot have written anything.
func logOf(pod *corev1.Pod, name string, previous bool) (string, error) {
	statuses := append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...)
	for _, status := range statuses {
		if status.Name != name {
			continue
		}
		ranBefore := status.LastTerminationState.Terminated != nil
		switch {
		case previous && !ranBefore:
			return "", fmt.Errorf("previous terminated container %q in pod %q not found", name, pod.Name)
		case status.State.Waiting != nil && !ranBefore:
			return "", fmt.Errorf("container %q in pod %q is waiting to start: %s",
				name, pod.Name, status.State.Waiting.Reason)
		}
		return written(pod), nil
	}
	return "", errors.New("no container of that name has a status yet")
}

func written(pod *corev1.Pod) string {
	text := pod.Annotations[LogAnnotation]
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// cut keeps the last lines, and of them the first bytes, as a kubelet does.
func cut(text, tailLines, limitBytes string) string {
	if count, err := strconv.Atoi(tailLines); err == nil {
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		text = strings.Join(lines[max(0, len(lines)-count):], "")
		if text != "" {
			text += "\n"
		}
	}
	if count, err := strconv.Atoi(limitBytes); err == nil && count < len(text) {
		text = text[:count]
	}
	return text
}
