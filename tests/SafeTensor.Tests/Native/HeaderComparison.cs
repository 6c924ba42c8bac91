using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using SafeTensor.Native;

namespace SafeTensor.Tests;

/// <summary>The C# declarations of <c>SafeTensor.Native</c> as a C file that compiles only where the C headers say the same.</summary>
internal sealed class HeaderComparison
{
    private const BindingFlags Declared = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>C structs that C# gives a name of its own, and what the prefix of their fields is.</summary>
    private static readonly Dictionary<Type, (string Name, Func<string, string> Field)> Structs = new()
    {
        [typeof(FileStatus)] = ("struct statx", name => "stx_" + name switch
        {
            nameof(FileStatus.BlockSize) => "blksize",
            nameof(FileStatus.LinkCount) => "nlink",
            nameof(FileStatus.UserId) => "uid",
            nameof(FileStatus.GroupId) => "gid",
            nameof(FileStatus.Inode) => "ino",
            nameof(FileStatus.DeviceMajor) => "dev_major",
            nameof(FileStatus.DeviceMinor) => "dev_minor",
            _ => name.ToLowerInvariant(),
        }),
        [typeof(SignalAction)] = ("struct sigaction", name => name),
        [typeof(IoVector)] = ("struct iovec", name => name == nameof(IoVector.Base) ? "iov_base" : "iov_len"),
        [typeof(ResourceLimit)] = ("struct rlimit", name => name == nameof(ResourceLimit.Current) ? "rlim_cur" : "rlim_max"),
    };

    /// <summary>How many parameters come before C's <c>...</c>; what C# declares behind them is passed the same way on this system.</summary>
    private static readonly Dictionary<string, int> BeforeEllipsis = new() { ["open"] = 2, ["openat"] = 3, ["fcntl"] = 2, ["mremap"] = 4, ["prctl"] = 1, ["syscall"] = 1 };

    /// <summary>glibc declares this one an enum, of an int's size, for programs that ask for GNU's names.</summary>
    private const string EnumParameter = "__rlimit_resource_t";

    private static readonly Dictionary<string, string> TypeCodes = new()
    {
        ["Int"] = "kTVMArgInt",
        ["Null"] = "kTVMNullptr",
        ["Device"] = "kTVMDLDevice",
        ["DLTensor"] = "kTVMDLTensorHandle",
        ["Object"] = "kTVMObjectHandle",
        ["Module"] = "kTVMModuleHandle",
        ["Str"] = "kTVMStr",
        ["Bytes"] = "kTVMBytes",
        ["NDArray"] = "kTVMNDArrayHandle",
    };

    private readonly StringBuilder _source = new(
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <sys/file.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        #include <sys/stat.h>
        #include <sys/uio.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        #include "safetensor_tvm.h"
        #include "safetensor_tvm_ffi.h"

        """);

    internal int Functions { get; private set; }

    internal int Fields { get; private set; }

    internal int Constants { get; private set; }

    internal static HeaderComparison Of(Assembly assembly)
    {
        var comparison = new HeaderComparison();
        foreach (var type in assembly.GetTypes().Where(type => type.Namespace == "SafeTensor.Native" && !type.Name.StartsWith('<')))
        {
            foreach (var method in type.GetMethods(Declared).Where(method => method.GetCustomAttribute<LibraryImportAttribute>() is not null))
            {
                comparison.Add(method);
            }

            if (type is { IsValueType: true, IsNested: false })
            {
                comparison.AddStruct(type);
            }

            if (type == typeof(LibC) || type.Name is "TypeCode" or "TypeIndex")
            {
                comparison.AddConstants(type);
            }
        }

        return comparison;
    }

    public override string ToString() => _source.ToString();

    /// <summary>A C type for a C# one, or several where C# does not tell what is const or what a handle points to.</summary>
    private static string[] Spell(Type type) =>
        type == typeof(string) ? ["const char*"]
        : type == typeof(byte*) ? ["const char*", "char*", "unsigned char*"]
        : type == typeof(void*) ? ["void*", "const void*"]
        : type == typeof(nint) ? ["intptr_t", "void*", "DLTensor*"]
        : type.IsAssignableTo(typeof(SafeHandle)) ? ["void*"]
        : type.IsByRef ? [Spell(type.GetElementType()!)[0] + "*"]
        : type.IsPointer ? [Spell(type.GetElementType()!)[0] + "*", $"const {Spell(type.GetElementType()!)[0]}*"]
        : type.IsEnum ? Spell(type.GetEnumUnderlyingType())
        : [SpellValue(type)];

    private static string SpellValue(Type type) =>
        type == typeof(void) ? "void"
        : type == typeof(int) ? "int"
        : type == typeof(uint) ? "unsigned int"
        : type == typeof(long) ? "int64_t"
        : type == typeof(ulong) ? "uint64_t"
        : type == typeof(nuint) ? "size_t"
        : Structs.TryGetValue(type, out var known) ? known.Name
        : type.IsValueType && !type.IsPrimitive ? type.Name
        : throw new NotSupportedException($"There is no C type for {type}; say here which it is.");

    private void Add(MethodInfo method)
    {
        Functions++;
        var variadic = BeforeEllipsis.TryGetValue(method.Name, out var fixedCount);
        string[] parameters = [""];
        foreach (var parameter in method.GetParameters().Take(variadic ? fixedCount : int.MaxValue))
        {
            string[] types = method.Name is nameof(LibC.getrlimit) or nameof(LibC.setrlimit) && parameter.Position == 0 ? [EnumParameter] : Spell(parameter.ParameterType);
            parameters = [.. parameters.SelectMany(before => types.Select(type => before + (before.Length == 0 ? "" : ", ") + type))];
        }

        var tail = variadic ? ", ..." : method.GetParameters().Length == 0 ? "void" : "";
        var alternatives = Spell(method.ReturnType).SelectMany(
            result => parameters.Select(list => $"__builtin_types_compatible_p(__typeof__({method.Name}), {result}({list}{tail}))"));
        Assert($"{string.Join(" || ", alternatives)}", $"{method.DeclaringType!.Name}.{method.Name} has other types than the C function");
    }

    private void AddStruct(Type type)
    {
        var (name, spell) = Structs.TryGetValue(type, out var known) ? known : (type.Name, field => field);
        Assert($"sizeof({name}) == {Marshal.SizeOf(type)}", $"{type.Name} has another size than {name}");
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Where(field => !field.Name.StartsWith('_')))
        {
            Fields++;
            var (offset, size) = (Marshal.OffsetOf(type, field.Name), field.FieldType.IsPointer ? nint.Size : Marshal.SizeOf(field.FieldType));
            Assert($"offsetof({name}, {spell(field.Name)}) == {offset}", $"{type.Name}.{field.Name} is at {offset}");
            Assert($"sizeof((({name}*)0)->{spell(field.Name)}) == {size}", $"{type.Name}.{field.Name} has {size} bytes");
        }
    }

    private void AddConstants(Type type)
    {
        foreach (var constant in type.GetFields(Declared).Where(field => field is { IsLiteral: true, Name: not "Library" }))
        {
            Constants++;
            var name = type == typeof(LibC) ? constant.Name
                : type.Name == "TypeIndex" ? $"kTVMFFI{(constant.Name == "FirstObject" ? "Object" : constant.Name)}"
                : TypeCodes[constant.Name];
            var value = Convert.ToString(constant.GetRawConstantValue(), CultureInfo.InvariantCulture);

            // Newer than the headers of the oldest system that this builds on, and macros, which can be asked for.
            var mayBeAbsent = name is nameof(LibC.MFD_EXEC) or nameof(LibC.SYS_memfd_secret);
            _source.Append(mayBeAbsent ? $"#ifdef {name}\n" : "");
            Assert($"{name} == {value}", $"{type.Name}.{constant.Name} is {value}");
            _source.Append(mayBeAbsent ? "#endif\n" : "");
        }
    }

    private void Assert(string condition, string message) => _source.Append(CultureInfo.InvariantCulture, $"_Static_assert({condition}, \"{message}\");\n");
}
