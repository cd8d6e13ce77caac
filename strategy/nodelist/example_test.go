package nodelist_test

import (
	"fmt"

	"gonode/strategy/nodelist"
)

func ExampleParse() {
	nodes, err := nodelist.Parse([]byte("a@db1 # the first\nb@db2 10.0.0.2:9100\n"))
	fmt.Println(nodes, err)
	_, err = nodelist.Parse([]byte("a@db1\nb db2\n"))
	fmt.Println(err)
	// Output:
	// [{a@db1  } {b@db2 10.0.0.2:9100 }] <nil>
	// line 2: "b db2": "b" is not a node name: it has no @: write name@host
}
