package plane

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"helmward.dev/devplane/internal/identity"
)

const (
	pollEvery      = 20 * time.Millisecond
	requestTimeout = 5 * time.Second
)

// connect makes the administrator's client. It does not limit itself.
func connect(server string, admin identity.Admin) (kubernetes.Interface, error) {
	return kubernetes.NewForConfig(&rest.Config{
		Host:            server,
		BearerToken:     admin.Token,
		TLSClientConfig: rest.TLSClientConfig{CAData: admin.CA},
		UserAgent:       "devplane",
		QPS:             -1,
		Timeout:         requestTimeout,
	})
}

// eventually asks again and again until the condition holds. If the context ends
// first the error names what was waited for and what was last in its way.
func eventually(ctx context.Context, what string, holds func(context.Context) error) error {
	for {
		err := holds(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(pollEvery):
		}
	}
}
