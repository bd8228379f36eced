package component

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
	"golang.org/x/crypto/bcrypt"

	"helmward.dev/devplane/internal/parent"
)

// registryOptions are what "devplane registry" is asked for.
type registryOptions struct {
	listen, dir              string
	user, password, htpasswd string
	certificate, key         string
	dieWithParent            bool
}

// runRegistry serves a registry for charts and images until SIGTERM. Once it
// listens it writes one line of JSON.
func runRegistry() int {
	options, err := parseRegistry(os.Args[1:])
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "devplane registry: %v\n", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serveRegistry(ctx, options); err != nil {
		return failed(fmt.Errorf("devplane registry: %w", err))
	}
	return 0
}

func parseRegistry(args []string) (*registryOptions, error) {
	options := &registryOptions{}
	flags := pflag.NewFlagSet("devplane registry", pflag.ContinueOnError)
	flags.StringVar(&options.listen, "listen", "127.0.0.1:0", "address to serve on; port 0: any that is free")
	flags.StringVar(&options.dir, "dir", "", "folder for what is pushed; without: memory")
	flags.StringVar(&options.user, "user", "", "whom alone it serves; without: everybody")
	flags.StringVar(&options.password, "password", "", "his password")
	flags.StringVar(&options.htpasswd, "htpasswd", "", "file of those whom alone it serves, passwords in bcrypt")
	flags.StringVar(&options.certificate, "tls-cert", "", "file of the certificate to serve HTTPS with")
	flags.StringVar(&options.key, "tls-key", "", "file of its key")
	flags.BoolVar(&options.dieWithParent, "die-with-parent", false, "stop when the process that started this one dies")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return options, options.validate(flags.Args())
}

func (o *registryOptions) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("what is %q? there are flags only", rest[0])
	case (o.user == "") != (o.password == ""):
		return errors.New("--user and --password belong together")
	case o.user != "" && o.htpasswd != "":
		return errors.New("either --user or --htpasswd")
	case o.user != "" && o.dir == "":
		return errors.New("--user needs --dir: who may come in is kept there")
	case (o.certificate == "") != (o.key == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	}
	return nil
}

func serveRegistry(ctx context.Context, options *registryOptions) error {
	ctx, orphaned := context.WithCancel(ctx)
	defer orphaned()
	if options.dieWithParent {
		if err := parent.Watch(orphaned); err != nil {
			return err
		}
	}
	config, err := registryConfig(options)
	if err != nil {
		return err
	}
	listener, address, err := listenRegistry(options)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handlers.NewApp(ctx, config), ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	line := map[string]any{"ready": true, "address": address}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return fmt.Errorf("saying that it is ready: %w", err)
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// listenRegistry gives where to serve, and its address with the scheme.
func listenRegistry(options *registryOptions) (net.Listener, string, error) {
	listener, err := net.Listen("tcp", options.listen)
	if err != nil {
		return nil, "", err
	}
	if options.certificate == "" {
		return listener, "http://" + listener.Addr().String(), nil
	}
	pair, err := tls.LoadX509KeyPair(options.certificate, options.key)
	if err != nil {
		return nil, "", fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	secure := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	return secure, "https://" + listener.Addr().String(), nil
}

func registryConfig(options *registryOptions) (*configuration.Configuration, error) {
	logrus.SetLevel(logrus.PanicLevel)
	config := &configuration.Configuration{Version: configuration.CurrentVersion}
	config.Log.Level = "panic"
	config.HTTP.Secret = "one process needs none"
	config.Storage = configuration.Storage{
		"inmemory": configuration.Parameters{},
		"delete":   configuration.Parameters{"enabled": true},
		// Nothing is left half-done for days; and purging would log and wait.
		"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
	}
	if options.dir != "" {
		delete(config.Storage, "inmemory")
		config.Storage["filesystem"] = configuration.Parameters{"rootdirectory": filepath.Join(options.dir, "registry")}
	}
	guests, err := guestList(options)
	if err == nil && guests != "" {
		config.Auth = configuration.Auth{"htpasswd": configuration.Parameters{"realm": "devplane", "path": guests}}
	}
	return config, err
}

// guestList is the file of who may come in; empty: everybody.
func guestList(options *registryOptions) (string, error) {
	if options.user == "" {
		return options.htpasswd, nil
	}
	hashed, err := bcrypt.GenerateFromPassword([]byte(options.password), bcrypt.MinCost)
	if err != nil {
		return "", fmt.Errorf("--password: %w", err)
	}
	if err := os.MkdirAll(options.dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(options.dir, "htpasswd")
	return path, os.WriteFile(path, []byte(options.user+":"+string(hashed)+"\n"), 0o600)
}
