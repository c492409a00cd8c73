package wsman

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wql"
)

// get answers with one instance, named by its keys; a class with one instance
// needs none.
func (o *operation) get() (string, error) {
	instances, err := o.instances(o.entry.Class)
	if err != nil {
		return "", err
	}
	selectors := o.selectors()
	found := slices.DeleteFunc(slices.Clone(instances), func(instance Instance) bool {
		return !instance.selected(selectors)
	})
	if len(found) != 1 {
		return "", &Fault{Code: CodeNoSuchInstance}
	}
	return typed(found[0], o.namespace), nil
}

// instances asks the machine, and waits as long as the client does.
func (o *operation) instances(class string) ([]Instance, error) {
	return within(o.r.Context(), o.server, o.timeout(), func(ctx context.Context) ([]Instance, error) {
		return o.server.config.Machine.Instances(ctx, class)
	})
}

// property finds a property by its name, without regard to case.
func (i Instance) property(name string) (Property, bool) {
	at := slices.IndexFunc(i.Properties, func(p Property) bool { return strings.EqualFold(p.Name, name) })
	if at < 0 {
		return Property{}, false
	}
	return i.Properties[at], true
}

// value is a property's.
func (i Instance) value(name string) (any, bool) {
	property, found := i.property(name)
	return property.Value, found
}

// selected reports whether selectors, by key properties, mean this instance.
func (i Instance) selected(selectors map[string]string) bool {
	for name, value := range selectors {
		if name == "__cimnamespace" {
			continue
		}
		isKey := slices.ContainsFunc(i.Keys, func(key string) bool { return strings.EqualFold(key, name) })
		property, ok := i.property(name)
		if !isKey || !ok || !strings.EqualFold(textOf(property.Value), value) {
			return false
		}
	}
	return true
}

// invoke calls a method; its parameters are the elements of <p:Method_INPUT>.
func (o *operation) invoke() (string, error) {
	arguments := map[string]string{}
	for _, parameter := range o.content().Children {
		arguments[parameter.XMLName.Local] = parameter.Text
	}
	selectors := o.selectors()
	delete(selectors, "__cimnamespace")
	request := o.entry.Request
	result, err := within(o.r.Context(), o.server, o.timeout(), func(ctx context.Context) (Result, error) {
		return o.server.config.Machine.Invoke(ctx, Call{
			Class: request.Class, Method: request.Method,
			Selectors: selectors, Arguments: arguments, User: request.User,
		})
	})
	if err != nil {
		return "", err
	}
	var m markup
	name := "p:" + request.Method + "_OUTPUT"
	m.open(name, "xmlns:xsi", nsInstance, "xmlns:p", o.Header.ResourceURI, "xmlns:cim", nsCommon)
	for _, out := range slices.Sorted(maps.Keys(result.Out)) {
		m.value("p:"+out, "cim:Datetime", result.Out[out])
	}
	m.value("p:ReturnValue", "", result.ReturnValue)
	m.end(name)
	return m.String(), nil
}

// textOf is a value as selectors spell it.
func textOf(value any) string {
	if wql.IsNull(value) {
		return ""
	}
	if t, ok := value.(time.Time); ok {
		_, offset := t.Zone()
		return t.Format("20060102150405.000000") + fmt.Sprintf("%+04d", offset/60)
	}
	return fmt.Sprint(value)
}
