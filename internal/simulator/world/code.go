package world

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// Code is an HRESULT or an error of Windows, in a scenario a number: 0xC004F074, 1271.
type Code uint32

// MarshalYAML writes an HRESULT as Microsoft does.
func (c Code) MarshalYAML() (any, error) {
	text := fmt.Sprintf("%d", c)
	if c > 0xFFFF {
		text = fmt.Sprintf("0x%08X", uint32(c))
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: text}, nil
}
