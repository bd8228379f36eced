package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	pb "helmward.dev/engine/internal/enginepb"
	"helmward.dev/engine/internal/failure"
)

// PluginCommand is how the engine's binary is called to run one downloader: a
// process of its own, whose environment, time and output are bounded.
const PluginCommand = "fetch-by-plugin"

// order is what that process reads from its standard input. It holds
// credentials, which must not be seen in a list of processes.
type order struct {
	Folder, URL, Scheme         string
	Username, Password          string
	CAFile, CertFile, KeyFile   string
	SkipVerify, PassCredentials bool
}

// noPlugin is the exit code for: no plugin knows that scheme.
const noPlugin = 3

// byPlugin runs a downloader. Its processes end with the context.
func (c *Client) byPlugin(ctx context.Context, r Request) ([]byte, error) {
	if c.options.Plugins == "" {
		return nil, failure.New(pb.Failure_INVALID,
			"nothing here reads %q: a downloader plugin for %s:// would (--helm-plugins)", Shown(r.Address), r.Address.Scheme)
	}
	folder, err := os.MkdirTemp("", "hw-plugin-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a plugin: %w", err)
	}
	defer os.RemoveAll(folder)
	given, err := c.order(folder, r)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, c.overall)
	defer cancel()
	output, said, err := runPlugin(limited, folder, given, r.Limit)
	switch exit := new(exec.ExitError); {
	case errors.Is(err, errOutput):
		return nil, TooLarge(r.Address, r.Limit, r.Flag)
	case err == nil:
		return output, nil
	case limited.Err() != nil:
		return nil, Unavailable(r.Address, "was not fetched in time: its plugin was stopped")
	case errors.As(err, &exit) && exit.ExitCode() == noPlugin:
		return nil, failure.New(pb.Failure_INVALID, "no plugin in %s downloads %s:// (%s)",
			c.options.Plugins, r.Address.Scheme, Shown(r.Address))
	}
	return nil, Unavailable(r.Address, "could not be fetched by its plugin: %s", masked(said, err, r))
}

func (c *Client) order(folder string, r Request) (order, error) {
	given := order{
		Folder: c.options.Plugins, URL: r.Address.String(), Scheme: r.Address.Scheme,
		SkipVerify: r.Access.SkipVerify, PassCredentials: r.Access.Pass,
	}
	if origin(r.Home) != origin(r.Address) && !r.Access.Pass {
		return given, nil
	}
	given.Username, given.Password = r.Access.Username, r.Access.Password
	files := []struct {
		into    *string
		name    string
		content []byte
	}{
		{&given.CAFile, "ca.crt", r.Access.CA}, {&given.CertFile, "tls.crt", r.Access.Certificate},
		{&given.KeyFile, "tls.key", r.Access.PrivateKey},
	}
	for _, one := range files {
		if len(one.content) == 0 {
			continue
		}
		*one.into = filepath.Join(folder, one.name)
		if err := os.WriteFile(*one.into, one.content, 0o600); err != nil {
			return given, fmt.Errorf("write a file for a plugin: %w", err)
		}
	}
	return given, nil
}

var errOutput = errors.New("too much output")

// runPlugin starts the process, and a process group with it, which is killed
// as a whole. Its standard input stays open: the end of it means that we ended.
func runPlugin(ctx context.Context, folder string, given order, limit int64) ([]byte, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	words, err := json.Marshal(given)
	if err != nil {
		return nil, "", err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer writer.Close()
	output, said := &bounded{most: limit}, &bounded{most: 8 << 10, dropping: true}
	command := exec.CommandContext(ctx, self, PluginCommand)
	command.Dir, command.Env = folder, pluginEnvironment(os.Environ(), folder)
	command.Stdin, command.Stdout, command.Stderr = reader, output, said
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 2 * time.Second
	output.over = func() { _ = command.Cancel() }
	err = command.Start()
	_ = reader.Close()
	if err != nil {
		return nil, "", err
	}
	if _, err := writer.Write(append(words, '\n')); err != nil {
		_ = command.Cancel()
	}
	err = command.Wait()
	_ = command.Cancel() // Whatever it has left running.
	if output.full {
		err = errOutput
	}
	return output.Bytes(), said.String(), err
}

// bounded keeps the beginning of what is written.
type bounded struct {
	bytes.Buffer
	most     int64
	dropping bool
	full     bool
	over     func()
}

func (b *bounded) Write(given []byte) (int, error) {
	left := b.most - int64(b.Len())
	if b.most <= 0 || int64(len(given)) <= left {
		return b.Buffer.Write(given)
	}
	b.full = true
	if !b.dropping {
		b.over()
		return 0, errOutput
	}
	_, _ = b.Buffer.Write(given[:left])
	return len(given), nil
}

// passed are the variables that plugins see, besides those of Helm: where
// programs and files are, how the web is reached, and the clouds' own.
var passed = []string{
	"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

var passedPrefixes = []string{"HELM_", "AWS_", "GOOGLE_", "CLOUDSDK_", "AZURE_"}

func pluginEnvironment(ours []string, folder string) []string {
	kept := []string{"TMPDIR=" + folder, "HELM_CACHE_HOME=" + folder}
	for _, line := range ours {
		name, _, _ := strings.Cut(line, "=")
		helms := slices.ContainsFunc(passedPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		cluster := strings.HasPrefix(name, "HELM_KUBE") || name == "HELM_CACHE_HOME"
		if slices.Contains(passed, name) || helms && !cluster {
			kept = append(kept, line)
		}
	}
	return kept
}

// masked is the last line that a plugin said, without what it was told.
func masked(said string, err error, r Request) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	line := strings.TrimSpace(lines[len(lines)-1])
	if line == "" {
		line = err.Error()
	}
	line = strings.ReplaceAll(line, r.Address.String(), Shown(r.Address))
	query, _ := url.QueryUnescape(r.Address.RawQuery)
	for _, secret := range []string{r.Access.Password, r.Access.Username, r.Access.Token, r.Address.RawQuery, query} {
		if secret != "" {
			line = strings.ReplaceAll(line, secret, "***")
		}
	}
	return line
}

// readOrder reads the line, then has everything end when its writer does.
func readOrder(from io.Reader) (order, error) {
	var given order
	decoder := json.NewDecoder(from)
	if err := decoder.Decode(&given); err != nil {
		return given, err
	}
	go func() {
		_, _ = io.Copy(io.Discard, from)
		_ = syscall.Kill(0, syscall.SIGKILL)
	}()
	return given, nil
}
