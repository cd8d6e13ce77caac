package main

import (
	"bytes"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestColored(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	for _, tt := range []struct {
		flag string
		env  vars
		want bool
	}{
		{"auto", nil, false}, // a pipe is no terminal; integration has one
		{"always", nil, true},
		{"always", vars{"NO_COLOR": "1"}, true}, // a flag goes before a variable
		{"never", nil, false},
	} {
		a := &app{stdout: w, lookupEnv: tt.env.lookup}
		require.Equal(t, tt.want, (&outputFlags{color: tt.flag}).printer(a).Color, tt)
	}
}

func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stderr bytes.Buffer
		a := &app{stderr: &stderr}
		over := a.busy("asking %s", "a@h")
		time.Sleep(busyTime / 2)
		over()
		time.Sleep(busyTime)
		require.Empty(t, stderr.String())

		over = a.busy("asking %s", "a@h")
		time.Sleep(2 * busyTime)
		synctest.Wait()
		over()
		require.Equal(t, "gonode: asking a@h ...\n", stderr.String())
	})
}
