package conform

// cdxModelAssets is the part of the CycloneDX model for machine learning, cryptography and patents, and citations. It is
// judged in JSON only.
const cdxModelAssets = `
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
