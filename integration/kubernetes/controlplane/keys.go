package controlplane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

// NewAuthority returns the certificate of a new CA, PEM. Nobody has its key: nothing is signed by it.
func NewAuthority() ([]byte, error) {
	a, err := newAuthority()
	if err != nil {
		return nil, err
	}
	return encode("CERTIFICATE", a.cert.Raw), nil
}

// authority is a CA.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	t := template("gonode test CA")
	t.IsCA, t.KeyUsage = true, t.KeyUsage|x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

// sign makes a certificate of a template, with a key of its own, both PEM.
func (a *authority) sign(t *x509.Certificate) (cert, key []byte, err error) {
	k, err := newKey()
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, k.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	kder, err := x509.MarshalECPrivateKey(k)
	return encode("CERTIFICATE", der), encode("EC PRIVATE KEY", kder), err
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func template(name string, groups ...string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: name, Organization: groups},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writeKeys makes the keys and certificates that the programs read, and those of the administrator.
func (cp *ControlPlane) writeKeys() error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	cp.Authority = encode("CERTIFICATE", ca.cert.Raw)

	server := template("kube-apiserver")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	server.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	cert, key, err := ca.sign(server)
	if err != nil {
		return err
	}

	admin := template("admin", "system:masters")
	admin.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if cp.AdminCert, cp.AdminKey, err = ca.sign(admin); err != nil {
		return err
	}

	tokens, err := newKey()
	if err != nil {
		return err
	}
	private, err1 := x509.MarshalECPrivateKey(tokens)
	public, err2 := x509.MarshalPKIXPublicKey(tokens.Public())
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"ca.crt":        cp.Authority,
		"apiserver.crt": cert,
		"apiserver.key": key,
		"sa.key":        encode("EC PRIVATE KEY", private),
		"sa.pub":        encode("PUBLIC KEY", public),
	} {
		if err := os.WriteFile(cp.path(name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// adminClient returns an HTTP client that the API server takes for an administrator.
func (cp *ControlPlane) adminClient() (*http.Client, error) {
	pair, err := tls.X509KeyPair(cp.AdminCert, cp.AdminKey)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cp.Authority)
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
		},
	}, nil
}
