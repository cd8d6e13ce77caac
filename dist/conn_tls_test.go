package dist

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// selfSigned returns a certificate for a test.
func selfSigned(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A link over TLS lives through the deadlines of the tick checks, and ends politely.
func TestTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		na, nb := net.Pipe()
		server := tls.Server(na, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}})
		client := tls.Client(nb, &tls.Config{InsecureSkipVerify: true})
		go func() { _ = server.Handshake() }() // ends with the client's
		require.NoError(t, client.Handshake())
		ra, rb := helloPair(Visible)
		cfg := Config{TickTime: 4 * time.Second}
		a, b := serve(server, ra, cfg), serve(client, rb, cfg)
		for range 10 {
			time.Sleep(30 * time.Second)
			require.NoError(t, a.Send(ctx, message(1, 2, blob(200_000))))
			require.Equal(t, blob(200_000), (<-b.got).Message)
		}
		require.NotZero(t, b.Stats().TicksIn)
		require.NoError(t, a.Send(ctx, message(1, 2, blob(200_000))))
		a.Close(nil)
		require.ErrorIs(t, <-b.ended, io.EOF)
		require.Len(t, b.got, 1)
		require.ErrorIs(t, <-a.ended, ErrDisconnect)
	})
}
