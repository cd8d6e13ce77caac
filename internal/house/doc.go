// Package house holds the tests on the tree itself: which package may import which, how long a file or a function may be,
// that what is exported is documented, and that the texts agree with the files. They parse the files in the process: a test
// that asks the go command instead would go on passing from the test cache after a rule was broken.
//
// There is no code in it. A rule that has to change is changed here, in the table that states it.
package house
