using System.Collections;

namespace SafeTensor.Runtime;

/// <summary>What one run gave. Ordinary garbage-collected memory: nothing to dispose, and never changed by a later run. Any thread.</summary>
public sealed class ModelOutputs : IReadOnlyList<TensorValue>
{
    private readonly TensorValue[] _values;
    private readonly IReadOnlyList<TensorInfo> _infos;

    internal ModelOutputs(TensorValue[] values, IReadOnlyList<TensorInfo> infos, PackageInfo? package)
    {
        _values = values;
        _infos = infos;
        Package = package;
    }

    /// <summary>The package that computed them; <see langword="null"/> for a plain model.</summary>
    public PackageInfo? Package { get; }

    /// <inheritdoc/>
    public int Count => _values.Length;

    /// <summary>In the model's order.</summary>
    public TensorValue this[int index] => index >= 0 && index < _values.Length
        ? _values[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"The model has {_values.Length} outputs.");

    /// <summary>By name: output0, output1, … where the model does not name them.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists the names.</exception>
    public TensorValue this[string name]
    {
        get
        {
            for (var i = 0; i < _values.Length; i++)
            {
                if (_infos[i].Name == name)
                {
                    return _values[i];
                }
            }

            throw new ArgumentException($"There is no output '{SafeText.Escape(name ?? "")}'; the model has {SafeText.List(_infos, info => SafeText.Escape(info.Name))}.", nameof(name));
        }
    }

    /// <inheritdoc/>
    public IEnumerator<TensorValue> GetEnumerator() => ((IEnumerable<TensorValue>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
