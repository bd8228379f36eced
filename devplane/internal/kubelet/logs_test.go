package kubelet

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"helmward.dev/devplane/internal/identity"
)

func TestALogIsCutAsAKubeletCutsIt(t *testing.T) {
	const text = "one\ntwo\nthree\n"
	rows := []struct{ tailLines, limitBytes, left string }{
		{"", "", text},
		{"2", "", "two\nthree\n"},
		{"9", "", text},
		{"0", "", ""},
		{"2", "5", "two\nt"},
		{"", "99", text},
	}
	for _, row := range rows {
		if got := cut(text, row.tailLines, row.limitBytes); got != row.left {
			t.Errorf("tailLines %q, limitBytes %q: got %q", row.tailLines, row.limitBytes, got)
		}
	}
	if got := cut("", "10", ""); got != "" {
		t.Errorf("of nothing: got %q", got)
	}
}

func TestOnlyAContainerThatRanHasALog(t *testing.T) {
	over := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
	waits := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "Somehow"}}
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	rows := []struct {
		name        string
		state, last corev1.ContainerState
		previous    bool
		refused     string
	}{
		{"it runs", runs, corev1.ContainerState{}, false, ""},
		{"it runs for the first time", runs, corev1.ContainerState{}, true, "not found"},
		{"it waits to be restarted", waits, over, false, ""},
		{"it waits to be restarted, its last run", waits, over, true, ""},
		{"it waits to be started", waits, corev1.ContainerState{}, false, "is waiting to start: Somehow"},
		{"it is over", over, corev1.ContainerState{}, false, ""},
	}
	for _, row := range rows {
		pod := &corev1.Pod{}
		pod.Annotations = map[string]string{LogAnnotation: "said"}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{
			{Name: "app", State: row.state, LastTerminationState: row.last},
		}
		text, err := logOf(pod, "app", row.previous)
		if row.refused == "" && (err != nil || text != "said\n") {
			t.Errorf("%s: got %q, %v", row.name, text, err)
		}
		if row.refused != "" && (err == nil || !strings.Contains(err.Error(), row.refused)) {
			t.Errorf("%s: got %q, %v", row.name, text, err)
		}
	}
}

// The log of a pod is for whom the API server lets read it.
func TestNobodyButTheAPIServerIsAnswered(t *testing.T) {
	dir := t.TempDir()
	if _, err := identity.Ensure(dir, "https://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	secured, err := Logs{
		Cert: at(identity.ServerCert), Key: at(identity.ServerKey),
		CA: at(identity.CACert), ClientName: identity.KubeletClientName,
	}.tls()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS, server.Config.ErrorLog = secured, log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	for cert, key := range map[string]string{"": "", identity.ServerCert: identity.ServerKey} {
		if ask(t, server.URL, at(cert), at(key)) == nil {
			t.Errorf("who shows %q is answered", cert)
		}
	}
	if err := ask(t, server.URL, at(identity.KubeletClientCert), at(identity.KubeletClientKey)); err != nil {
		t.Error(err)
	}
}

func ask(t *testing.T, url, cert, key string) error {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // who asks is the question
	if pair, err := tls.LoadX509KeyPair(cert, key); err == nil {
		config.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer client.CloseIdleConnections()
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
