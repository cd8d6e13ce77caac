package controlplane

import (
	"encoding/base64"
	"fmt"
)

// Kubeconfig returns a kubeconfig for the control plane. user is what is said of its user, as one line of YAML, such as
// {token: x}; empty means the administrator. namespace may be empty.
func (cp *ControlPlane) Kubeconfig(user, namespace string) []byte {
	if user == "" {
		user = fmt.Sprintf("{client-certificate-data: %s, client-key-data: %s}", text(cp.AdminCert), text(cp.AdminKey))
	}
	return Kubeconfig(cp.URL, cp.Authority, user, namespace)
}

// Kubeconfig returns a kubeconfig for an API server at url whose certificate an authority has signed (PEM).
func Kubeconfig(url string, authority []byte, user, namespace string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
  - {name: test, cluster: {server: %q, certificate-authority-data: %s}}
users:
  - {name: test, user: %s}
contexts:
  - {name: test, context: {cluster: test, user: test, namespace: %q}}
current-context: test
`, url, text(authority), user, namespace)
}

// text is how a kubeconfig has certificates in it.
func text(pem []byte) string { return base64.StdEncoding.EncodeToString(pem) }
