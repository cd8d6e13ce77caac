// Package kubernetes is a strategy for nodes that run in pods: the API server is asked which there are, and tells of every
// change.
//
// The nouns: a Strategy is a value to put into strategy.Config or node.Config. Its Lookup says in which objects of the API it
// looks: EndpointSlices, Endpoints or pods. An endpoint is one address found in them, with what is known of it. The Mode says
// how the name of a node is made of an endpoint. An APIError is a request that was not answered as it should be.
//
// The objects are listed once and then watched; nothing is polled. What was found stays in force while the API server
// can't be asked: each error is sent as the cause of a partial set, and the server is asked again, every 5 to 8 s in the end. All
// ends with the context of Run.
//
// Kubernetes must allow the list and the watch; Strategy.Role prints the Role for it.
package kubernetes
