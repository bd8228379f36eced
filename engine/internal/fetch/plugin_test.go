package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
)

// The tests' binary runs plugins as the engine's does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == PluginCommand {
		os.Exit(PluginMain(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// plugin writes a downloader of box:// that is a script.
func plugin(t *testing.T, script string) Options {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "box")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"plugin.yaml": "name: box\nversion: 1.0.0\nusage: u\ndescription: d\n" +
			"downloaders: [{command: run.sh, protocols: [box]}]\n",
		"run.sh": "#!/bin/sh\n" + script + "\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return Options{Plugins: filepath.Dir(folder)}
}

func TestADeadlineKillsWhateverAPluginHasStarted(t *testing.T) {
	noted := filepath.Join(t.TempDir(), "pid")
	c := New(plugin(t, fmt.Sprintf("sleep 600 & echo $! > %[1]s.new; mv %[1]s.new %[1]s; wait", noted)))
	c.overall = 2 * time.Second
	_, err := read(t, c, Request{Address: at(t, "box://bucket/x?q=planted")})
	blames(t, err, pb.Failure_SOURCE_UNAVAILABLE, "was not fetched in time: its plugin was stopped")
	text, err := os.ReadFile(noted)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); !ended(pid); {
		if time.Now().After(until) {
			t.Fatal("it goes on")
		}
		<-time.After(10 * time.Millisecond)
	}
}

// ended also counts who has ended and was not buried yet.
func ended(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || err != nil || bytes.Contains(stat, []byte(") Z "))
}

func TestAPluginsFolderIsGoneAfterwards(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c := New(plugin(t, `echo "$TMPDIR"; touch "$TMPDIR/left"`))
	got, err := read(t, c, Request{Address: at(t, "box://bucket/x")})
	if err != nil || !strings.HasPrefix(got, os.TempDir()) {
		t.Fatalf("got %q, %v", got, err)
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestAnotherHostsPluginSeesNoCredentials(t *testing.T) {
	c := New(plugin(t, `echo "$HELM_PLUGIN_USERNAME:$HELM_PLUGIN_PASSWORD"`))
	for pass, want := range map[bool]string{false: ":\n", true: "u:w\n"} {
		access := Access{Username: "u", Password: "w", Pass: pass}
		request := Request{Address: at(t, "box://other/x"), Home: at(t, "box://bucket/"), Access: access}
		if got, err := read(t, c, request); err != nil || got != want {
			t.Errorf("it saw %q, %v", got, err)
		}
	}
}

func TestTheEnvironmentOfPluginsIsAList(t *testing.T) {
	ours := []string{
		"PATH=p", "HELM_S3_MODE=x", "HELM_KUBETOKEN=planted", "HELM_CACHE_HOME=c", "HELMWARD_TOKEN=planted",
		"KUBECONFIG=planted", "AWS_REGION=r", "SECRET=planted", "LD_PRELOAD=planted",
	}
	want := []string{"TMPDIR=f", "HELM_CACHE_HOME=f", "PATH=p", "HELM_S3_MODE=x", "AWS_REGION=r"}
	if got := pluginEnvironment(ours, "f"); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
