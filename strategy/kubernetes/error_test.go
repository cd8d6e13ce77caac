package kubernetes

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestExplain: errors as client-go returns them. Those that a real API server gives are in integration/kubernetes.
func TestExplain(t *testing.T) {
	a := &api{
		resource:  LookupEndpointSlices.resource(),
		namespace: "shop",
		server:    "https://10.96.0.1:443",
		identity:  "the token in /token",
		authority: "the CA in /ca.crt",
	}
	slices := schema.GroupResource{Group: "discovery.k8s.io", Resource: "endpointslices"}
	get := func(err error) error {
		return &url.Error{Op: "Get", URL: "https://10.96.0.1:443/long?and=longer", Err: err}
	}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, c := range []struct {
		err  error
		want string
	}{
		{apierrors.NewForbidden(slices, "", errors.New("why")), `add to a Role in namespace "shop" that is bound to this account: ` +
			`{apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["watch"]}`},
		{apierrors.NewUnauthorized("no"), "the API server does not know the token in /token: it is wrong, has expired, or was taken back"},
		{apierrors.NewGenericServerResponse(http.StatusNotFound, "get", slices, "", "", 0, true),
			"does not know discovery.k8s.io/v1 endpointslices: try another lookup"},
		{get(x509.UnknownAuthorityError{}), "is not signed by the CA in /ca.crt"},
		{get(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}), "is for other names"},
		{get(x509.CertificateInvalidError{Reason: x509.Expired}), "is the clock of this machine right?"},
		{get(refused), "is the API server up, and can this machine reach it?"},
		{errors.New("odd"), `kubernetes: watch endpointslices in namespace "shop" at https://10.96.0.1:443: odd`},
	} {
		err := a.explain(verbWatch, c.err)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "longer")
		e, ok := errors.AsType[*APIError](err)
		require.True(t, ok)
		rule, missing := e.Missing()
		require.Equal(t, apierrors.IsForbidden(c.err), missing)
		require.Equal(t, []string{"watch"}, rule.Verbs)
	}

	// The same error reads the same each time.
	cause := errors.New("connection reset by peer")
	reset := &net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{Port: 40001}, Err: cause}
	require.ErrorIs(t, a.explain(verbList, get(reset)), cause)
	require.NotContains(t, a.explain(verbList, get(reset)).Error(), "40001")
}
