package events

import (
	"testing"

	"go.uber.org/goleak"
)

// Every node of Ergo has a goroutine for signals, which does not end with the node.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("ergo.services/ergo/node.(*node).SetCTRLC.func1"))
}
