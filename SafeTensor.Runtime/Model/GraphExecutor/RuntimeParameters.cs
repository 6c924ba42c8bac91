using System.Runtime.InteropServices;
using SafeTensor.Native;

namespace SafeTensor.Runtime;

/// <summary>Parameters that the TVM runtime keeps in memory of its own: handed to one executor by <c>load_params</c>, and shared by it with all others.</summary>
internal sealed unsafe class RuntimeParameters : IDisposable
{
    private readonly TvmModuleHandle _owner;
    private readonly IReadOnlyList<ParameterInfo> _parameters;

    private RuntimeParameters(TvmModuleHandle owner, IReadOnlyList<ParameterInfo> parameters)
    {
        _owner = owner;
        _parameters = parameters;
    }

    /// <summary>One tensor at a time, as a list of one: the runtime copies it, and no other plaintext is left of it.</summary>
    /// <param name="package">Of the parameters; used during the call only.</param>
    /// <param name="owner">A fresh executor; owned by what is returned, and disposed where this fails.</param>
    internal static RuntimeParameters Load(ModelPackage package, TvmModuleHandle owner)
    {
        try
        {
            using var load = TvmCall.Member(owner, "load_params");
            var headers = package.Parameters.Select(Header).ToList();
            using var list = ProtectedMemory.Reserve(headers.Zip(package.Parameters, (header, parameter) => header.Length + parameter.ByteLength).Max());
            for (var i = 0; i < headers.Count; i++)
            {
                var header = headers[i];
                header.CopyTo(new Span<byte>(list.Address, header.Length));
                package.ReadParameter(i, list.Address + header.Length);
                var bytes = new TVMByteArray { data = list.Address, size = (nuint)(header.Length + package.Parameters[i].ByteLength) };
                TvmCall.Invoke(load, [new TVMValue { v_handle = &bytes }], [TVMValue.TypeCode.Bytes]);
                NativeMemory.Clear(list.Address, bytes.size);
            }

            return new RuntimeParameters(owner, package.Parameters);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    /// <param name="executor">A fresh one, to which nothing was bound yet.</param>
    internal void ShareWith(TvmModuleHandle executor)
    {
        // The names alone: share_params reads no further.
        var header = ParamsFormat.Names([.. _parameters.Select(parameter => parameter.Name)]);
        using var share = TvmCall.Member(executor, "share_params");
        var held = false;
        _owner.DangerousAddRef(ref held);
        try
        {
            fixed (byte* bytes = header)
            {
                var names = new TVMByteArray { data = bytes, size = (nuint)header.Length };
                TvmCall.Invoke(
                    share,
                    [new TVMValue { v_handle = (void*)_owner.DangerousGetHandle() }, new TVMValue { v_handle = &names }],
                    [TVMValue.TypeCode.Module, TVMValue.TypeCode.Bytes]);
            }
        }
        finally
        {
            _owner.DangerousRelease();
        }
    }

    public void Dispose() => _owner.Dispose();

    /// <summary>A parameters list up to its data: the names, and the record of the only tensor.</summary>
    private static byte[] Header(ParameterInfo parameter)
    {
        Span<byte> record = stackalloc byte[ParamsFormat.RecordLength(parameter.Shape.Length)];
        ParamsFormat.WriteRecord(record, parameter.Type, parameter.Shape, parameter.ByteLength);
        return [.. ParamsFormat.Names([parameter.Name]), .. record];
    }
}
