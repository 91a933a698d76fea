package sbom

// cdxModelMore is the part of the CycloneDX model beside the bill of materials itself: how a product was built, what
// is claimed about it, machine learning, cryptography, patents. It is judged in JSON only.
const cdxModelMore = `
modelCard
 bom-ref ref
 modelParameters modelParameters
 quantitativeAnalysis quantitativeAnalysis
 considerations considerations
 properties property[]
modelParameters
 approach approach
 task str
 architectureFamily str
 modelArchitecture str
 datasets dataset[]
 inputs modelFormat[]
 outputs modelFormat[]
approach
 type enum:approach
dataset
 ref link
 bom-ref ref
 type enum:dataType
 name str
 contents dataContents
 classification str
 sensitiveData str[]
 graphics graphics
 description str
 governance governance
modelFormat
 format str
quantitativeAnalysis
 performanceMetrics performanceMetric[]
 graphics graphics
performanceMetric
 type str
 value str
 slice str
 confidenceInterval interval
interval
 lowerBound str
 upperBound str
graphics
 description str
 collection graphic[]
graphic
 name str
 image attachment
considerations
 users str[]
 useCases str[]
 technicalLimitations str[]
 performanceTradeoffs str[]
 ethicalConsiderations ethical[]
 environmentalConsiderations environmental +6
 fairnessAssessments fairness[]
ethical
 name str
 mitigationStrategy str
fairness
 groupAtRisk str
 benefits str
 harms str
 mitigationStrategy str
environmental
 energyConsumptions energyConsumption[]
 properties property[]
energyConsumption
 activity! enum:activity
 energyProviders! energyProvider[]
 activityEnergyCost! energy
 co2CostEquivalent co2
 co2CostOffset co2
 properties property[]
energy
 value! num
 unit! enum:energyUnit
co2
 value! num
 unit! enum:co2Unit
energyProvider
 bom-ref ref
 description str
 organization! entity
 energySource! enum:energySource
 energyProvided! energy
 externalReferences externalReference[]
componentData
 bom-ref ref
 type! enum:dataType
 name str
 contents dataContents
 classification str
 sensitiveData str[]
 graphics graphics
 description str
 governance governance
dataContents
 attachment attachment
 url uri
 properties property[]
governance
 custodians responsible[]
 stewards responsible[]
 owners responsible[]
responsible
 organization entity
 contact contact
 ^ organization contact
formula
 bom-ref ref
 components component[]u
 services service[]u
 workflows workflow[]u
 properties property[]
workflow
 bom-ref! ref
 uid! str
 name str
 description str
 resourceReferences resource[]u
 tasks task[]u
 taskDependencies dependency[]u
 taskTypes! enum:taskType[]
 trigger trigger
 steps step[]u
 inputs input[]u
 outputs output[]u
 timeStart time
 timeEnd time
 workspaces workspace[]u
 runtimeTopology dependency[]u
 properties property[]
task
 bom-ref! ref
 uid! str
 name str
 description str
 resourceReferences resource[]u
 taskTypes! enum:taskType[]
 trigger trigger
 steps step[]u
 inputs input[]u
 outputs output[]u
 timeStart time
 timeEnd time
 workspaces workspace[]u
 runtimeTopology dependency[]u
 properties property[]
step
 name str
 description str
 commands command[]
 properties property[]
command
 executed str
 properties property[]
workspace
 bom-ref! ref
 uid! str
 name str
 aliases str[]
 description str
 resourceReferences resource[]u
 accessMode enum:accessMode
 mountPath str
 managedDataType str
 volumeRequest str
 volume volume
 properties property[]
volume
 uid str
 name str
 mode enum:volumeMode
 path str
 sizeAllocated str
 persistent bool
 remote bool
 properties property[]
trigger
 bom-ref! ref
 uid! str
 name str
 description str
 resourceReferences resource[]u
 type! enum:triggerType
 event event
 conditions condition[]u
 timeActivated time
 inputs input[]u
 outputs output[]u
 properties property[]
event
 uid str
 description str
 timeReceived time
 data attachment
 source resource
 target resource
 properties property[]
input
 source resource
 target resource
 resource resource
 parameters parameter[]u
 environmentVars any[]u
 data attachment
 properties property[]
 ^ resource parameters environmentVars data
output
 type enum:outputKind
 source resource
 target resource
 resource resource
 data attachment
 environmentVars any[]u
 properties property[]
 ^ resource environmentVars data
resource
 ref link
 externalReference externalReference
 ^ ref externalReference
condition
 description str
 expression str
 properties property[]
parameter
 name str
 value str
 dataType str
declarations
 assessors assessor[]
 attestations attestation[]
 claims claim[]
 evidence declaredEvidence[]
 targets targets
 affirmation affirmation
 signature any
assessor
 bom-ref ref
 thirdParty bool
 organization entity
attestation
 summary str
 assessor link
 map attestationMap[]
 signature any
attestationMap
 requirement link
 claims link[]
 counterClaims link[]
 conformance conformance
 confidence confidence
conformance
 score fraction
 rationale str
 mitigationStrategies link[]
confidence
 score fraction
 rationale str
claim
 bom-ref ref
 target link
 predicate str
 mitigationStrategies link[]
 reasoning str
 evidence link[]
 counterEvidence link[]
 externalReferences externalReference[]
 signature any
declaredEvidence
 bom-ref ref
 propertyName str
 description str
 data declaredData[]
 created time
 expires time
 author contact
 reviewer contact
 signature any
declaredData
 name str
 contents dataContents
 classification str
 sensitiveData str[]
 governance governance
targets
 organizations entity[]
 components component[]
 services service[]
affirmation
 statement str
 signatories signatory[]
 signature any
signatory
 name str
 role str
 signature any
 organization entity
 externalReference externalReference
definitions
 standards standard[]
 patents any[] +7
standard
 bom-ref ref
 name str
 version str
 description str
 owner str
 requirements requirement[]
 levels level[]
 externalReferences externalReference[]
 signature any
requirement
 bom-ref ref
 identifier str
 title str
 text str
 descriptions str[]
 openCre str[]
 parent link
 properties property[]
 externalReferences externalReference[]
level
 bom-ref ref
 identifier str
 title str
 description str
 requirements link[]
cryptoProperties
 assetType! enum:assetType
 algorithmProperties algorithm
 certificateProperties certificate
 relatedCryptoMaterialProperties material
 protocolProperties protocol
 oid str
algorithm
 primitive enum:primitive
 algorithmFamily str +7
 parameterSetIdentifier str
 curve str
 ellipticCurve str +7
 executionEnvironment enum:cryptoEnvironment
 implementationPlatform str
 certificationLevel str[]
 mode enum:cryptoMode
 padding enum:padding
 cryptoFunctions enum:cryptoFunction[]
 classicalSecurityLevel natural
 nistQuantumSecurityLevel natural
certificate
 serialNumber str +7
 subjectName str
 issuerName str
 notValidBefore time
 notValidAfter time
 signatureAlgorithmRef link
 subjectPublicKeyRef link
 certificateFormat str
 certificateExtension str
 certificateFileExtension str +7
 fingerprint hash +7
 certificateState any[] +7
 creationDate time +7
 activationDate time +7
 deactivationDate time +7
 revocationDate time +7
 destructionDate time +7
 certificateExtensions any[] +7
 relatedCryptographicAssets relatedAsset[] +7
material
 type enum:materialType
 id str
 state enum:keyState
 algorithmRef link
 creationDate time
 activationDate time
 updateDate time
 expirationDate time
 value str
 size int
 format str
 securedBy securedBy
 fingerprint hash +7
 relatedCryptographicAssets relatedAsset[] +7
securedBy
 mechanism str
 algorithmRef link
protocol
 type enum:protocolType
 version str
 cipherSuites cipherSuite[]
 ikev2TransformTypes any
 cryptoRefArray link[]
 relatedCryptographicAssets relatedAsset[] +7
cipherSuite
 name str
 algorithms link[]
 identifiers str[]
 tlsGroups str[] +7
 tlsSignatureSchemes str[] +7
relatedAsset
 type str
 ref link
patentAssertion
 bom-ref ref
 assertionType! enum:assertionType
 patentRefs link[]
 asserter! any
 notes str
citation
 bom-ref ref
 pointers str[]
 expressions str[]
 timestamp! time
 attributedTo link
 process link
 note str
 signature any
 ^ pointers expressions
`
