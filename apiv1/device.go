package apiv1

import "time"

// Site is a place with devices.
type Site struct {
	ID   string `json:"id" readOnly:"true"`
	Name string `json:"name"`
}

// SiteInput names a site.
type SiteInput struct {
	Name string `json:"name" minLength:"1" maxLength:"300"`
}

// DeviceQuery chooses devices. Empty fields do not restrict.
type DeviceQuery struct {
	DeviceFilter
	Cursor
}

// DeviceFilter is what a device must have.
type DeviceFilter struct {
	Site  string `query:"site" maxLength:"64" doc:"Site id"`
	Ward  string `query:"ward" maxLength:"300"`
	Model string `query:"model" maxLength:"64" doc:"Model id"`
	InUse string `query:"in_use" enum:"yes,no,unknown"`
	Class string `query:"safety_class" enum:"life_sustaining,life_supporting,therapeutic,diagnostic,monitoring,other,unknown"`
	State string `query:"state" enum:"active,retired,merged" doc:"active unless said otherwise"`
	Text  string `query:"q" maxLength:"300" doc:"Beginning of an asset tag, serial number, IP or MAC address, host name or AE title"`
	Sort  string `query:"sort" enum:"asset_tag,-asset_tag,site,-site,ward,-ward,model,-model,class,-class,in_use,-in_use,match,-match" doc:"Absent: by asset tag; with q by what was found"`
}

// DeviceItem is a device in a list.
type DeviceItem struct {
	ID        string     `json:"id"`
	State     string     `json:"state"`
	AssetTag  string     `json:"asset_tag,omitempty"`
	Serial    string     `json:"serial,omitempty"`
	Site      string     `json:"site,omitempty"`
	SiteName  string     `json:"site_name,omitempty"`
	Ward      string     `json:"ward,omitempty"`
	Model     string     `json:"model_id,omitempty"`
	ModelName string     `json:"model_name,omitempty"`
	Version   string     `json:"version,omitempty"`
	Class     string     `json:"safety_class"`
	InUse     string     `json:"in_use"`
	Zone      string     `json:"zone,omitempty"`
	Network   []Identity `json:"identities,omitempty" doc:"Network identities that hold"`
	Matched   string     `json:"matched,omitempty" doc:"The text that the search found"`
	Risk      DeviceRisk `json:"risk,omitzero" doc:"Left out without permission to read risks"`
}

// DeviceRisk sums up the lines of one device.
type DeviceRisk struct {
	Affected     int `json:"affected"`
	Unknown      int `json:"unknown"`
	Uncontrolled int `json:"uncontrolled"`
	KEV          int `json:"kev" doc:"Known to be exploited"`
}

// Identity is a name on the network that a device has from an instant until another.
type Identity struct {
	Kind   string    `json:"kind" enum:"mac,ip,hostname,ae_title"`
	Value  string    `json:"value" minLength:"1" maxLength:"300"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero" doc:"Absent: it still holds"`
	Source string    `json:"source,omitempty" maxLength:"300"`
}

// Value is a fact without a field of its own.
type Value struct {
	Name  string `json:"name" maxLength:"300"`
	Value string `json:"value" maxLength:"2000"`
}

// DeviceInput is what can be said of a device.
type DeviceInput struct {
	Site          string     `json:"site,omitempty" maxLength:"64" doc:"Site id"`
	Ward          string     `json:"ward,omitempty" maxLength:"300" doc:"Location within the site"`
	AssetTag      string     `json:"asset_tag,omitempty" maxLength:"300"`
	Serial        string     `json:"serial,omitempty" maxLength:"300"`
	Lot           string     `json:"lot,omitempty" maxLength:"300"`
	Manufactured  string     `json:"manufactured,omitempty" format:"date"`
	UDI           string     `json:"udi,omitempty" maxLength:"500"`
	DI            string     `json:"di,omitempty" maxLength:"300" doc:"UDI device identifier"`
	Model         string     `json:"model_id,omitempty" maxLength:"64"`
	Release       string     `json:"release_id,omitempty" maxLength:"64"`
	RawVendor     string     `json:"vendor,omitempty" maxLength:"300" doc:"As written on the device or in the inventory"`
	RawModel      string     `json:"model,omitempty" maxLength:"300" doc:"As written on the device or in the inventory"`
	RawVersion    string     `json:"version,omitempty" maxLength:"300" doc:"Software version as written"`
	Zone          string     `json:"zone,omitempty" maxLength:"300"`
	Connectivity  []string   `json:"connectivity,omitempty" enum:"private_network,internet,point_to_point,wireless,remote_service,none" doc:"Ways to reach it; none or an empty list is not the same: an empty list is not known"`
	PatientData   string     `json:"patient_data,omitempty" enum:"yes,no,unknown"`
	InUse         string     `json:"in_use,omitempty" enum:"yes,no,unknown"`
	Class         string     `json:"safety_class,omitempty" enum:"life_sustaining,life_supporting,therapeutic,diagnostic,monitoring,other,unknown" doc:"Said of this device; unknown: the model's holds"`
	ClinicalOwner string     `json:"clinical_owner,omitempty" maxLength:"300"`
	ITOwner       string     `json:"it_owner,omitempty" maxLength:"300"`
	Network       []Identity `json:"identities,omitempty" maxItems:"1000"`
	Values        []Value    `json:"values,omitempty" maxItems:"200" doc:"Other facts, by name"`
}

// DeviceChange replaces what is known of a device.
type DeviceChange struct {
	DeviceInput
	IfChanged time.Time `json:"if_changed,omitzero" doc:"changed of the device as it was read; a Conflict when it has changed since"`
}

// Device is one physical device.
type Device struct {
	ID string `json:"id"`
	DeviceInput
	State          string    `json:"state"`
	SiteName       string    `json:"site_name,omitempty"`
	ModelName      string    `json:"model_name,omitempty"`
	EffectiveClass string    `json:"effective_safety_class" doc:"What holds: said of the device, else of the model"`
	Registered     time.Time `json:"registered"`
	Changed        time.Time `json:"changed"`
	MergedInto     string    `json:"merged_into,omitempty"`
}

// DeviceMerge says that another record is the same device.
type DeviceMerge struct {
	Drop   string `json:"drop" maxLength:"64" doc:"Id of the record that the device takes over"`
	Reason string `json:"reason" minLength:"1" maxLength:"4000"`
}

// IdentityInput adds a name on the network.
type IdentityInput struct {
	Kind   string `json:"kind" enum:"mac,ip,hostname,ae_title"`
	Value  string `json:"value" minLength:"1" maxLength:"300"`
	Source string `json:"source,omitempty" maxLength:"300"`
}

// Part is one known part of a configuration.
type Part struct {
	Kind       string `json:"kind" enum:"hardware,os,application,firmware,other"`
	Vendor     string `json:"vendor,omitempty" maxLength:"300"`
	Product    string `json:"product,omitempty" maxLength:"300"`
	Version    string `json:"version,omitempty" maxLength:"300"`
	CPE        string `json:"cpe,omitempty" maxLength:"500" doc:"CPE 2.3 name"`
	Source     string `json:"source" maxLength:"300" doc:"Who says so"`
	Confidence string `json:"confidence" enum:"measured,declared,assumed"`
}

// Fact is a part with its place.
type Fact struct {
	ID      string `json:"id"`
	Of      string `json:"of" enum:"device,release,model" doc:"What it was said of"`
	Release string `json:"release_id,omitempty"`
	Part
	At time.Time `json:"at,omitzero"`
}

// Contradiction is two records that share what only one device can have.
type Contradiction struct {
	ID      string    `json:"id"`
	Device  string    `json:"device"`
	Other   string    `json:"other"`
	Key     string    `json:"key" doc:"What they share"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
	Settled time.Time `json:"settled,omitzero" doc:"Absent: it is open"`
	Answer  string    `json:"answer,omitempty" doc:"How it was settled: why they are two, or merged"`
}

// ContradictionQuery chooses a page of contradictions.
type ContradictionQuery struct {
	State  string `query:"state" enum:"open,settled" doc:"Absent: open"`
	Shares string `query:"shares" enum:"udi,serial,tag,mac" doc:"What both records have"`
	Site   string `query:"site" maxLength:"64"`
	Model  string `query:"model" maxLength:"64"`
	Sort   string `query:"sort" enum:"at,-at,shares,-shares,device,-device" doc:"Absent: the oldest first"`
	Cursor
}
