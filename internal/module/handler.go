package module

import "github.com/headgate/headgate/internal/directive"

// HandlerKind is a content handler that configurations call by its name, as in
// SetHandler. The module puts the handler itself among Chain.Handlers, where it
// declines what it is not named for (Exchange.HandlerName).
type HandlerKind struct {
	Name string // in lower case; one that ends with a colon is what its names begin with
	// Judge tells what is done about a name, which is in lower case.
	Judge func(c *directive.Call, name string) (directive.Tier, string)
}
