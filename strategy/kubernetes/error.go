package kubernetes

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// APIError is a request for the objects of a namespace that was not answered as it should be. It wraps the error of
// client-go; what the API server itself said is an *errors.StatusError of k8s.io/apimachinery.
type APIError struct {
	Server    string // URL of the API server
	Verb      string // what was to be done: list or watch
	Group     string // API group of the resource; empty is the core group
	Resource  string // endpointslices, endpoints or pods
	Namespace string

	// Err is the cause, Hint what to do about it; there may be none.
	Err  error
	Hint string
}

// Error returns what was asked, what came of it, and what to do.
func (e *APIError) Error() string {
	text := fmt.Sprintf("kubernetes: %s %s in namespace %q at %s: %v", e.Verb, e.Resource, e.Namespace, e.Server, e.Err)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap returns Err.
func (e *APIError) Unwrap() error { return e.Err }

// Missing returns the rule that the Role of the namespace lacks; ok is false if that is not what is wrong.
func (e *APIError) Missing() (rule Rule, ok bool) {
	return Rule{Group: e.Group, Resource: e.Resource, Verbs: []string{e.Verb}}, apierrors.IsForbidden(e.Err)
}

// explain makes an APIError of an error.
func (a *api) explain(verb string, err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		err = e.Err // what is before it is long and says nothing new
	}
	if e, ok := err.(*net.OpError); ok {
		same := *e
		same.Source = nil // its port is another each time
		err = &same
	}
	e := &APIError{
		Server:    a.server,
		Verb:      verb,
		Group:     a.resource.group,
		Resource:  a.resource.name,
		Namespace: a.namespace,
		Err:       err,
	}
	e.Hint = a.hint(e)
	return e
}

// hint says what may be done about an error.
func (a *api) hint(e *APIError) string {
	if rule, ok := e.Missing(); ok {
		return fmt.Sprintf("add to a Role in namespace %q that is bound to this account: %s", e.Namespace, rule)
	}
	if apierrors.IsUnauthorized(e.Err) {
		return "the API server does not know " + a.identity + ": it is wrong, has expired, or was taken back"
	}
	if apierrors.IsNotFound(e.Err) {
		return "the API server does not know " + strings.TrimPrefix(a.resource.group+"/"+a.resource.version, "/") + " " +
			a.resource.name + ": try another lookup, and look whether this is Kubernetes at all"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](e.Err); ok {
		return "the server's certificate is not signed by " + a.authority + ": this is another server, or another cluster's CA"
	}
	if _, ok := errors.AsType[x509.HostnameError](e.Err); ok {
		return "the server's certificate is for other names: reach it by one of those"
	}
	if _, ok := errors.AsType[x509.CertificateInvalidError](e.Err); ok {
		return "the server's certificate is not valid; is the clock of this machine right?"
	}
	if _, ok := errors.AsType[*net.OpError](e.Err); ok {
		return "is the API server up, and can this machine reach it?"
	}
	return ""
}
