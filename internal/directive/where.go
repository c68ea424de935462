package directive

import "strings"

// Where is a set of contexts in which a directive is allowed.
type Where uint16

// The contexts. VHost means directly inside <VirtualHost>. The section contexts
// mean the section whatever it is itself nested in.
const (
	Main      Where = 1 << iota // directly in the main server
	VHost                       // <VirtualHost>
	Directory                   // <Directory>, <DirectoryMatch>
	Location                    // <Location>, <LocationMatch>
	Files                       // <Files>, <FilesMatch>
	Proxy                       // <Proxy>, <ProxyMatch>
	If                          // <If>, <ElseIf>, <Else>
	Limit                       // <Limit>, <LimitExcept>
	Authz                       // <RequireAll>, <RequireAny>, <RequireNone>
	HTAccess                    // .htaccess files, for one of the classes that follow

	// The classes of AllowOverride that let .htaccess files contain it.
	AllowLimit
	AllowOptions
	AllowFileInfo
	AllowAuthConfig
	AllowIndexes
)

// The usual sets, with httpd's names for them.
const (
	Global       = Main                                              // GLOBAL_ONLY
	ServerConfig = Main | VHost                                      // RSRC_CONF
	DirConfig    = Directory | Location | Files | Proxy | If | Limit // ACCESS_CONF
	AuthConfig   = DirConfig | Authz | HTAccess | AllowAuthConfig    // OR_AUTHCFG
	Overridable  = ServerConfig | DirConfig | HTAccess               // with a class: OR_FILEINFO, OR_OPTIONS, OR_INDEXES
	Anywhere     = ServerConfig | DirConfig | Authz | InHTAccess     // OR_ALL
	InHTAccess   = HTAccess | AnyClass
	AnyClass     = AllowLimit | AllowOptions | AllowFileInfo | AllowAuthConfig | AllowIndexes
	ServerOrDir  = ServerConfig | DirConfig // RSRC_CONF|ACCESS_CONF
	sections     = Directory | Location | Files | Proxy | If | Limit | Authz
)

// placeLetters has the letter of each context in the known table, in bit order.
const placeLetters = "SVDLFPIMAHlofui"

// parseWhere reads a set written in letters; ok is false for unknown ones.
func parseWhere(letters string) (w Where, ok bool) {
	for i := range len(letters) {
		bit := strings.IndexByte(placeLetters, letters[i])
		if bit < 0 {
			return 0, false
		}
		w |= 1 << bit
	}
	return w, true
}

// Letters writes the set with one letter for each context.
func (w Where) Letters() string {
	var b strings.Builder
	for i := range len(placeLetters) {
		if w&(1<<i) != 0 {
			b.WriteByte(placeLetters[i])
		}
	}
	return b.String()
}

// placeNames are the words of the manual's "Context" line, and our words for
// the sections that the manual does not tell apart.
var placeNames = [...]string{
	"server config", "virtual host", "directory", "location", "files", "proxy", "if", "limit", "require", ".htaccess",
}

// classNames are the words of AllowOverride, in the order of the bits.
var classNames = [...]string{"Limit", "Options", "FileInfo", "AuthConfig", "Indexes"}

// Classes returns the words of AllowOverride that let .htaccess files contain the
// directive; none if any does.
func (w Where) Classes() []string {
	if w&AnyClass == AnyClass {
		return nil
	}
	var names []string
	for i, name := range classNames {
		if w&(AllowLimit<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String lists the contexts for documentation: "server config, virtual host".
// If all sections are in the set it says "directory".
func (w Where) String() string {
	var names []string
	rest := w
	for i, name := range placeNames {
		bit := Where(1) << i
		switch {
		case rest&bit == 0:
		case bit == HTAccess && len(w.Classes()) > 0:
			names = append(names, name+" ("+strings.Join(w.Classes(), " or ")+")")
		case bit == Directory && w&DirConfig == DirConfig:
			names = append(names, "directory")
			rest &^= DirConfig | Authz
		default:
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
