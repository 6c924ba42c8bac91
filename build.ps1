# Checks for the tools and runs build.cake: ./build.ps1 --target=Demo
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot
$env:DOTNET_CLI_TELEMETRY_OPTOUT = $env:DOTNET_NOLOGO = '1'
$env:DOTNET_CLI_UI_LANGUAGE = 'en'
if ($IsLinux) { & ./build.sh @args; exit $LASTEXITCODE }

foreach ($tool in 'dotnet', 'cmake') {
    if (-not (Get-Command $tool -ErrorAction SilentlyContinue)) {
        Write-Error "Missing: $tool. SafeTensor needs the .NET 10 SDK, CMake, a C++17 compiler and nlohmann-json."
    }
}
dotnet tool restore | Out-Null
dotnet cake build.cake @args
exit $LASTEXITCODE
