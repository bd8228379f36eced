package identity

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
)

const kubeconfigText = `apiVersion: v1
kind: Config
current-context: devplane
clusters:
- name: devplane
  cluster:
    server: %[1]s
    certificate-authority-data: %[2]s
contexts:
- name: devplane
  context:
    cluster: devplane
    user: %[3]s
users:
- name: %[3]s
  user:
    token: %[4]s
`

func writeKubeconfigs(dir, server string, ca []byte, known tokens) error {
	users := map[string]string{Kubeconfig: adminUser}
	for _, name := range Components {
		users[ComponentKubeconfig(name)] = componentUser(name)
	}
	encoded := base64.StdEncoding.EncodeToString(ca)
	for file, user := range users {
		text := fmt.Sprintf(kubeconfigText, server, encoded, user, known[user])
		if err := write(filepath.Join(dir, file), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}
