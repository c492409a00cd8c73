package acctest

import "strings"

// At gives the value at a dotted path of nested objects; nil where there is none.
func At(values map[string]any, path string) any {
	name, rest, nested := strings.Cut(path, ".")
	value := values[name]
	if !nested {
		return value
	}
	object, _ := value.(map[string]any)
	return At(object, rest)
}
