package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/transport"
	"k8s.io/client-go/util/connrotation"
)

// DefaultServiceAccount is the folder in which Kubernetes gives a pod its token.
const DefaultServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// api is the way to the objects of one namespace.
type api struct {
	resource  resource
	namespace string
	selector  selector
	server    string // its URL
	identity  string // whom the server takes us for, for people
	authority string // whose word its certificate needs, for people
	client    *rest.RESTClient
	conns     *connrotation.Dialer
}

// dialTimeout bounds the TCP connection to the API server.
const dialTimeout = 10 * time.Second

// connect makes the way to the API server. Nobody is asked yet.
func (s *Strategy) connect() (*api, error) {
	a := &api{
		resource: s.lookup().resource(),
		selector: s.selector(),
		conns:    connrotation.NewDialer((&net.Dialer{Timeout: dialTimeout}).DialContext),
	}
	cfg, err := s.config(a)
	if err != nil {
		return nil, err
	}
	if cfg.BearerTokenFile != "" {
		// This reads the file again as it grows old, as client-go does by itself, and when its token is refused too.
		cfg.Wrap(transport.ResettableTokenSourceWrapTransport(transport.NewCachedFileTokenSource(cfg.BearerTokenFile)))
		cfg.BearerToken, cfg.BearerTokenFile = "", ""
	}
	cfg.UserAgent = "gonode"
	cfg.Timeout = 0 // it would end a watch; a list has its own
	cfg.Dial = a.conns.DialContext
	cfg.WarningHandlerWithContext = warnings{s.logger()}
	a.server = cfg.Host
	if a.client, err = rest.RESTClientFor(a.resource.prepare(cfg)); err != nil {
		return nil, fmt.Errorf("kubernetes: can't ask %s as %s: %w", a.server, a.identity, err)
	}
	return a, nil
}

// close ends all connections to the API server, and with them the goroutines of net/http that have them.
func (a *api) close() { a.conns.CloseAll() }

// config finds out how to reach the API server, and who we are there.
func (s *Strategy) config(a *api) (*rest.Config, error) {
	host := os.Getenv("KUBERNETES_SERVICE_HOST")
	if s.Kubeconfig == "" && s.Context == "" && host != "" {
		return s.inCluster(a, host)
	}
	return s.kubeconfig(a)
}

// inCluster is what Kubernetes offers to every pod.
func (s *Strategy) inCluster(a *api, host string) (*rest.Config, error) {
	dir := cmp.Or(s.ServiceAccount, DefaultServiceAccount)
	token, ca := filepath.Join(dir, "token"), filepath.Join(dir, "ca.crt")
	if _, err := os.Stat(token); err != nil {
		return nil, fmt.Errorf("kubernetes: this pod has no token of a service account: %w; "+
			"does automountServiceAccountToken in its spec say false? Or give a kubeconfig", err)
	}
	a.namespace = s.Namespace
	if a.namespace == "" {
		b, err := os.ReadFile(filepath.Join(dir, "namespace"))
		if a.namespace = strings.TrimSpace(string(b)); a.namespace == "" {
			return nil, fmt.Errorf("kubernetes: can't find out the namespace of this pod: give one: %w", cmp.Or(err, errEmpty))
		}
	}
	a.identity, a.authority = "the token in "+token, "the CA in "+ca
	return &rest.Config{
		Host:            "https://" + net.JoinHostPort(host, cmp.Or(os.Getenv("KUBERNETES_SERVICE_PORT"), "443")),
		BearerTokenFile: token,
		TLSClientConfig: rest.TLSClientConfig{CAFile: ca},
	}, nil
}

var errEmpty = errors.New("the file is empty")

// kubeconfig is what kubectl would use.
func (s *Strategy) kubeconfig(a *api) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.WarnIfAllMissing = false // the error says it
	rules.ExplicitPath = s.Kubeconfig
	from := "kubeconfig " + cmp.Or(s.Kubeconfig, strings.Join(rules.GetLoadingPrecedence(), ", "))
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: s.Context})
	cfg, err := loaded.ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, fmt.Errorf("kubernetes: this is no pod (there is no $KUBERNETES_SERVICE_HOST), and there is nothing in %s: "+
			"give a kubeconfig that says how to reach the API server", from)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("kubernetes: there is no %s", from)
	case err != nil:
		return nil, fmt.Errorf("kubernetes: %s: %w", from, err)
	}
	if a.namespace = s.Namespace; a.namespace == "" {
		if a.namespace, _, err = loaded.Namespace(); err != nil {
			return nil, fmt.Errorf("kubernetes: %s: %w", from, err)
		}
	}
	a.identity, a.authority = "the user in "+from, "the CA in "+from
	if cfg.CAFile != "" {
		a.authority = "the CA in " + cfg.CAFile
	}
	return cfg, nil
}

// warnings logs what the API server warns of: that something will be gone in a later release.
type warnings struct{ log *slog.Logger }

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (w warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _, text string) {
	if code == 299 && text != "" {
		w.log.DebugContext(ctx, "Kubernetes warns", "warning", text)
	}
}
