package plane

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"helmward.dev/devplane/internal/identity"
)

const auditPolicy = "audit-policy.yaml"

// The plane's own components are left out: what they do is no client's doing.
const auditPolicyText = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: None
  users: [%s]
- level: Metadata
`

// auditArguments have the API server write a line of JSON for every request of
// a client once it has been answered.
func (p *plane) auditArguments() ([]string, error) {
	if p.options.AuditLog == "" {
		return nil, nil
	}
	log, err := filepath.Abs(p.options.AuditLog)
	if err != nil {
		return nil, err
	}
	own := append(identity.ComponentUsers(), "system:apiserver")
	text := fmt.Sprintf(auditPolicyText, `"`+strings.Join(own, `", "`)+`"`)
	if err := os.WriteFile(p.home.join(auditPolicy), []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("writing the audit policy: %w", err)
	}
	return []string{"--audit-policy-file=" + auditPolicy, "--audit-log-path=" + log}, nil
}
